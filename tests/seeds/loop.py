from clustrix.local_executor import LocalExecutor

def process_data(data_chunk):
    return [x * 2 for x in data_chunk]

data = list(range(100))

with LocalExecutor(max_workers=4) as executor:
    results = executor.execute_loop_parallel(
        func=process_data,
        loop_var='data_chunk',
        iterable=data,
        chunk_size=25
    )
    print(len(results))  # 200

print(results == list(range(0, 200, 2)))
