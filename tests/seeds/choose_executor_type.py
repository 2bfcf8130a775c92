from clustrix.local_executor import choose_executor_type

# Lambda function (unpicklable) -> threads
print(choose_executor_type(lambda x: x*2, (5,), {}))

# I/O function -> threads
def io_func(filename):
    with open(filename, 'r') as f:
        return f.read()
print(choose_executor_type(io_func, ("file.txt",), {}))

# CPU function -> processes
def cpu_func(n):
    return sum(i**2 for i in range(n))
print(choose_executor_type(cpu_func, (1000,), {}))
