from clustrix.local_executor import LocalExecutor

# range(5) with chunk_size=2
# chunks: [[0,1], [2,3], [4]]
# Each chunk processed: func(args, loop_var=0), func(args, loop_var=1), etc.
# Results flattened: [result0, result1, result2, result3, result4]
def func(args, loop_var):
    return f"result{loop_var}"

with LocalExecutor(max_workers=4) as executor:
    print(executor.execute_loop_parallel(func, 'loop_var', range(5), ("args",), chunk_size=2))
    print(executor.execute_loop_parallel(list, 'chunk', range(5), chunk_size=2, position=0, batched=True))
