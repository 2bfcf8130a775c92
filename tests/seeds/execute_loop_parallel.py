from clustrix.local_executor import LocalExecutor

executor = LocalExecutor(max_workers=4)
def square(x):
    return x ** 2

# Parallel computation over range
results = executor.execute_loop_parallel(
    square, 'x', range(10), chunk_size=3
)
# Results: [0, 1, 4, 9, 16, 25, 36, 49, 64, 81]
print(results)

# With additional arguments
def power(base, x, exp=2):
    return (base + x) ** exp
results = executor.execute_loop_parallel(
    power, 'x', [1, 2, 3], func_args=(10,), func_kwargs={'exp': 3}
)
# Results: [11^3, 12^3, 13^3] = [1331, 1728, 2197]
print(results)
