from clustrix.local_executor import LocalExecutor

def compute_square(x):
    return x ** 2

with LocalExecutor(max_workers=4) as executor:
    # Execute single function
    result = executor.execute_single(compute_square, (5,), {})
    print(result)  # 25

    # Execute multiple work chunks
    work_chunks = [
        {'args': (i,), 'kwargs': {}}
        for i in range(10)
    ]
    results = executor.execute_parallel(compute_square, work_chunks)
    print(results)  # [0, 1, 4, 9, 16, 25, 36, 49, 64, 81]
