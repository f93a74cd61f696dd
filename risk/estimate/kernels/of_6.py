"""Cholesky kernels of size 6, written by bench/unroll.py: change that and run it, never this."""

# fmt: off

from risk.estimate.kernels.kernel import Flat, Kernel, Row


def factor_6(a: Row) -> Flat:
    a0, b0, b1, c0, c1, c2, d0, d1, d2, d3, e0, e1, e2, e3, e4, f0, f1, f2, f3, f4, f5 = a
    a0 = 1.0 / a0**0.5
    b0 = b0 * a0
    b1 = 1.0 / (b1 - b0 * b0) ** 0.5
    c0 = c0 * a0
    c1 = (c1 - c0 * b0) * b1
    c2 = 1.0 / (c2 - c0 * c0 - c1 * c1) ** 0.5
    d0 = d0 * a0
    d1 = (d1 - d0 * b0) * b1
    d2 = (d2 - d0 * c0 - d1 * c1) * c2
    d3 = 1.0 / (d3 - d0 * d0 - d1 * d1 - d2 * d2) ** 0.5
    e0 = e0 * a0
    e1 = (e1 - e0 * b0) * b1
    e2 = (e2 - e0 * c0 - e1 * c1) * c2
    e3 = (e3 - e0 * d0 - e1 * d1 - e2 * d2) * d3
    e4 = 1.0 / (e4 - e0 * e0 - e1 * e1 - e2 * e2 - e3 * e3) ** 0.5
    f0 = f0 * a0
    f1 = (f1 - f0 * b0) * b1
    f2 = (f2 - f0 * c0 - f1 * c1) * c2
    f3 = (f3 - f0 * d0 - f1 * d1 - f2 * d2) * d3
    f4 = (f4 - f0 * e0 - f1 * e1 - f2 * e2 - f3 * e3) * e4
    f5 = 1.0 / (f5 - f0 * f0 - f1 * f1 - f2 * f2 - f3 * f3 - f4 * f4) ** 0.5
    return a0, b0, b1, c0, c1, c2, d0, d1, d2, d3, e0, e1, e2, e3, e4, f0, f1, f2, f3, f4, f5


def forward_6(factor: Flat, right: Row) -> Flat:
    a0, b0, b1, c0, c1, c2, d0, d1, d2, d3, e0, e1, e2, e3, e4, f0, f1, f2, f3, f4, f5 = factor
    y0, y1, y2, y3, y4, y5 = right
    y0 = y0 * a0
    y1 = (y1 - b0 * y0) * b1
    y2 = (y2 - c0 * y0 - c1 * y1) * c2
    y3 = (y3 - d0 * y0 - d1 * y1 - d2 * y2) * d3
    y4 = (y4 - e0 * y0 - e1 * y1 - e2 * y2 - e3 * y3) * e4
    y5 = (y5 - f0 * y0 - f1 * y1 - f2 * y2 - f3 * y3 - f4 * y4) * f5
    return y0, y1, y2, y3, y4, y5


def pull_6(factor: Flat, push: Row, means: Row, theta: Row) -> Flat:
    a0, b0, b1, c0, c1, c2, d0, d1, d2, d3, e0, e1, e2, e3, e4, f0, f1, f2, f3, f4, f5 = factor
    p0, p1, p2, p3, p4, p5 = push
    m0, m1, m2, m3, m4, m5 = means
    t0, t1, t2, t3, t4, t5 = theta
    y0 = p0 * (m0 - t0) * a0
    y1 = (p1 * (m1 - t1) - b0 * y0) * b1
    y2 = (p2 * (m2 - t2) - c0 * y0 - c1 * y1) * c2
    y3 = (p3 * (m3 - t3) - d0 * y0 - d1 * y1 - d2 * y2) * d3
    y4 = (p4 * (m4 - t4) - e0 * y0 - e1 * y1 - e2 * y2 - e3 * y3) * e4
    y5 = (p5 * (m5 - t5) - f0 * y0 - f1 * y1 - f2 * y2 - f3 * y3 - f4 * y4) * f5
    return y0, y1, y2, y3, y4, y5


def move_6(factor: Flat, roots: Row, theta: Row, shift: Row, whitened: Row, push: float) -> list[float]:
    a0, b0, b1, c0, c1, c2, d0, d1, d2, d3, e0, e1, e2, e3, e4, f0, f1, f2, f3, f4, f5 = factor
    r0, r1, r2, r3, r4, r5 = roots
    t0, t1, t2, t3, t4, t5 = theta
    s0, s1, s2, s3, s4, s5 = shift
    w0, w1, w2, w3, w4, w5 = whitened
    y5 = (s5 + push * w5) * f5
    y4 = (s4 + push * w4 - f4 * y5) * e4
    y3 = (s3 + push * w3 - f3 * y5 - e3 * y4) * d3
    y2 = (s2 + push * w2 - f2 * y5 - e2 * y4 - d2 * y3) * c2
    y1 = (s1 + push * w1 - f1 * y5 - e1 * y4 - d1 * y3 - c1 * y2) * b1
    y0 = (s0 + push * w0 - f0 * y5 - e0 * y4 - d0 * y3 - c0 * y2 - b0 * y1) * a0
    return [
        ((t0 + y0 / r0) * 1e7 + 0.5) // 1 / 1e7,
        ((t1 + y1 / r1) * 1e7 + 0.5) // 1 / 1e7,
        ((t2 + y2 / r2) * 1e7 + 0.5) // 1 / 1e7,
        ((t3 + y3 / r3) * 1e7 + 0.5) // 1 / 1e7,
        ((t4 + y4 / r4) * 1e7 + 0.5) // 1 / 1e7,
        ((t5 + y5 / r5) * 1e7 + 0.5) // 1 / 1e7,
    ]


def tail_6(factor: Flat, right: Row) -> Flat:
    _, _, b1, _, c1, c2, _, d1, d2, d3, _, e1, e2, e3, e4, _, f1, f2, f3, f4, f5 = factor
    _, y1, y2, y3, y4, y5 = right
    m2 = -(c1 * b1) * c2
    m3 = -(d1 * b1 + d2 * m2) * d3
    m4 = -(e1 * b1 + e2 * m2 + e3 * m3) * e4
    m5 = -(f1 * b1 + f2 * m2 + f3 * m3 + f4 * m4) * f5
    s1 = b1 * b1 + m2 * m2 + m3 * m3 + m4 * m4 + m5 * m5
    t1 = b1 * y1 + m2 * y2 + m3 * y3 + m4 * y4 + m5 * y5
    m3 = -(d2 * c2) * d3
    m4 = -(e2 * c2 + e3 * m3) * e4
    m5 = -(f2 * c2 + f3 * m3 + f4 * m4) * f5
    s2 = c2 * c2 + m3 * m3 + m4 * m4 + m5 * m5
    t2 = c2 * y2 + m3 * y3 + m4 * y4 + m5 * y5
    m4 = -(e3 * d3) * e4
    m5 = -(f3 * d3 + f4 * m4) * f5
    s3 = d3 * d3 + m4 * m4 + m5 * m5
    t3 = d3 * y3 + m4 * y4 + m5 * y5
    m5 = -(f4 * e4) * f5
    s4 = e4 * e4 + m5 * m5
    t4 = e4 * y4 + m5 * y5
    s5 = f5 * f5
    t5 = f5 * y5
    return s1, t1, s2, t2, s3, t3, s4, t4, s5, t5


def grow_6(a: Row, roots: Row, x: Row, push: Row) -> list[float]:
    a0, b0, b1, c0, c1, c2, d0, d1, d2, d3, e0, e1, e2, e3, e4, f0, f1, f2, f3, f4, f5 = a
    r0, r1, r2, r3, r4, r5 = roots
    x0, x1, x2, x3, x4, x5 = x
    p0, p1, p2, p3, p4, p5 = push
    return [
        ((a0 * r0 * r0 + p0 * x0) * 1e5 + 0.5) // 1 / 1e5,
        ((b0 * r1 * r0 + p1 * x0) * 1e5 + 0.5) // 1 / 1e5,
        ((b1 * r1 * r1 + p1 * x1) * 1e5 + 0.5) // 1 / 1e5,
        ((c0 * r2 * r0 + p2 * x0) * 1e5 + 0.5) // 1 / 1e5,
        ((c1 * r2 * r1 + p2 * x1) * 1e5 + 0.5) // 1 / 1e5,
        ((c2 * r2 * r2 + p2 * x2) * 1e5 + 0.5) // 1 / 1e5,
        ((d0 * r3 * r0 + p3 * x0) * 1e5 + 0.5) // 1 / 1e5,
        ((d1 * r3 * r1 + p3 * x1) * 1e5 + 0.5) // 1 / 1e5,
        ((d2 * r3 * r2 + p3 * x2) * 1e5 + 0.5) // 1 / 1e5,
        ((d3 * r3 * r3 + p3 * x3) * 1e5 + 0.5) // 1 / 1e5,
        ((e0 * r4 * r0 + p4 * x0) * 1e5 + 0.5) // 1 / 1e5,
        ((e1 * r4 * r1 + p4 * x1) * 1e5 + 0.5) // 1 / 1e5,
        ((e2 * r4 * r2 + p4 * x2) * 1e5 + 0.5) // 1 / 1e5,
        ((e3 * r4 * r3 + p4 * x3) * 1e5 + 0.5) // 1 / 1e5,
        ((e4 * r4 * r4 + p4 * x4) * 1e5 + 0.5) // 1 / 1e5,
        ((f0 * r5 * r0 + p5 * x0) * 1e5 + 0.5) // 1 / 1e5,
        ((f1 * r5 * r1 + p5 * x1) * 1e5 + 0.5) // 1 / 1e5,
        ((f2 * r5 * r2 + p5 * x2) * 1e5 + 0.5) // 1 / 1e5,
        ((f3 * r5 * r3 + p5 * x3) * 1e5 + 0.5) // 1 / 1e5,
        ((f4 * r5 * r4 + p5 * x4) * 1e5 + 0.5) // 1 / 1e5,
        ((f5 * r5 * r5 + p5 * x5) * 1e5 + 0.5) // 1 / 1e5,
    ]


KERNEL = Kernel(factor_6, forward_6, pull_6, move_6, tail_6, grow_6, (0, 2, 5, 9, 14, 20), 1)
