from clustrix.local_executor import LocalExecutor

# Force thread usage
thread_executor = LocalExecutor(use_threads=True)

# Force process usage
process_executor = LocalExecutor(use_threads=False)

print(thread_executor.use_threads, process_executor.use_threads)
