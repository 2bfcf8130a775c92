"""What items let others see, print, log and warn: noted in a lane, shown by the loop's caller."""
