from clustrix.local_executor import create_local_executor

# I/O-bound function - will use threads
def download_file(url):
    import requests
    return requests.get(url).content

# CPU-bound function - will use processes
def compute_heavy(n):
    return sum(i**2 for i in range(n))

# Auto-detect appropriate executor
io_executor = create_local_executor(func=download_file)
cpu_executor = create_local_executor(func=compute_heavy)

print(io_executor.use_threads, cpu_executor.use_threads)
