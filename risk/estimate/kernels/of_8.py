"""Cholesky kernels of size 8, written by bench/unroll.py: change that and run it, never this."""

# fmt: off

from risk.estimate.kernels.kernel import Flat, Kernel, Row


def factor_8(a: Row) -> Flat:
    (
        a0, b0, b1, c0, c1, c2, d0, d1, d2, d3, e0, e1, e2, e3, e4, f0, f1, f2, f3, f4, f5, g0, g1, g2, g3, g4, g5, g6, h0, h1, h2,
        h3, h4, h5, h6, h7,
    ) = a
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
    g0 = g0 * a0
    g1 = (g1 - g0 * b0) * b1
    g2 = (g2 - g0 * c0 - g1 * c1) * c2
    g3 = (g3 - g0 * d0 - g1 * d1 - g2 * d2) * d3
    g4 = (g4 - g0 * e0 - g1 * e1 - g2 * e2 - g3 * e3) * e4
    g5 = (g5 - g0 * f0 - g1 * f1 - g2 * f2 - g3 * f3 - g4 * f4) * f5
    g6 = 1.0 / (g6 - g0 * g0 - g1 * g1 - g2 * g2 - g3 * g3 - g4 * g4 - g5 * g5) ** 0.5
    h0 = h0 * a0
    h1 = (h1 - h0 * b0) * b1
    h2 = (h2 - h0 * c0 - h1 * c1) * c2
    h3 = (h3 - h0 * d0 - h1 * d1 - h2 * d2) * d3
    h4 = (h4 - h0 * e0 - h1 * e1 - h2 * e2 - h3 * e3) * e4
    h5 = (h5 - h0 * f0 - h1 * f1 - h2 * f2 - h3 * f3 - h4 * f4) * f5
    h6 = (h6 - h0 * g0 - h1 * g1 - h2 * g2 - h3 * g3 - h4 * g4 - h5 * g5) * g6
    h7 = 1.0 / (h7 - h0 * h0 - h1 * h1 - h2 * h2 - h3 * h3 - h4 * h4 - h5 * h5 - h6 * h6) ** 0.5
    return (
        a0, b0, b1, c0, c1, c2, d0, d1, d2, d3, e0, e1, e2, e3, e4, f0, f1, f2, f3, f4, f5, g0, g1, g2, g3, g4, g5, g6, h0, h1, h2,
        h3, h4, h5, h6, h7,
    )


def forward_8(factor: Flat, right: Row) -> Flat:
    (
        a0, b0, b1, c0, c1, c2, d0, d1, d2, d3, e0, e1, e2, e3, e4, f0, f1, f2, f3, f4, f5, g0, g1, g2, g3, g4, g5, g6, h0, h1, h2,
        h3, h4, h5, h6, h7,
    ) = factor
    y0, y1, y2, y3, y4, y5, y6, y7 = right
    y0 = y0 * a0
    y1 = (y1 - b0 * y0) * b1
    y2 = (y2 - c0 * y0 - c1 * y1) * c2
    y3 = (y3 - d0 * y0 - d1 * y1 - d2 * y2) * d3
    y4 = (y4 - e0 * y0 - e1 * y1 - e2 * y2 - e3 * y3) * e4
    y5 = (y5 - f0 * y0 - f1 * y1 - f2 * y2 - f3 * y3 - f4 * y4) * f5
    y6 = (y6 - g0 * y0 - g1 * y1 - g2 * y2 - g3 * y3 - g4 * y4 - g5 * y5) * g6
    y7 = (y7 - h0 * y0 - h1 * y1 - h2 * y2 - h3 * y3 - h4 * y4 - h5 * y5 - h6 * y6) * h7
    return y0, y1, y2, y3, y4, y5, y6, y7


def pull_8(factor: Flat, push: Row, means: Row, theta: Row) -> Flat:
    (
        a0, b0, b1, c0, c1, c2, d0, d1, d2, d3, e0, e1, e2, e3, e4, f0, f1, f2, f3, f4, f5, g0, g1, g2, g3, g4, g5, g6, h0, h1, h2,
        h3, h4, h5, h6, h7,
    ) = factor
    p0, p1, p2, p3, p4, p5, p6, p7 = push
    m0, m1, m2, m3, m4, m5, m6, m7 = means
    t0, t1, t2, t3, t4, t5, t6, t7 = theta
    y0 = p0 * (m0 - t0) * a0
    y1 = (p1 * (m1 - t1) - b0 * y0) * b1
    y2 = (p2 * (m2 - t2) - c0 * y0 - c1 * y1) * c2
    y3 = (p3 * (m3 - t3) - d0 * y0 - d1 * y1 - d2 * y2) * d3
    y4 = (p4 * (m4 - t4) - e0 * y0 - e1 * y1 - e2 * y2 - e3 * y3) * e4
    y5 = (p5 * (m5 - t5) - f0 * y0 - f1 * y1 - f2 * y2 - f3 * y3 - f4 * y4) * f5
    y6 = (p6 * (m6 - t6) - g0 * y0 - g1 * y1 - g2 * y2 - g3 * y3 - g4 * y4 - g5 * y5) * g6
    y7 = (p7 * (m7 - t7) - h0 * y0 - h1 * y1 - h2 * y2 - h3 * y3 - h4 * y4 - h5 * y5 - h6 * y6) * h7
    return y0, y1, y2, y3, y4, y5, y6, y7


def move_8(factor: Flat, roots: Row, theta: Row, shift: Row, whitened: Row, push: float) -> list[float]:
    (
        a0, b0, b1, c0, c1, c2, d0, d1, d2, d3, e0, e1, e2, e3, e4, f0, f1, f2, f3, f4, f5, g0, g1, g2, g3, g4, g5, g6, h0, h1, h2,
        h3, h4, h5, h6, h7,
    ) = factor
    r0, r1, r2, r3, r4, r5, r6, r7 = roots
    t0, t1, t2, t3, t4, t5, t6, t7 = theta
    s0, s1, s2, s3, s4, s5, s6, s7 = shift
    w0, w1, w2, w3, w4, w5, w6, w7 = whitened
    y7 = (s7 + push * w7) * h7
    y6 = (s6 + push * w6 - h6 * y7) * g6
    y5 = (s5 + push * w5 - h5 * y7 - g5 * y6) * f5
    y4 = (s4 + push * w4 - h4 * y7 - g4 * y6 - f4 * y5) * e4
    y3 = (s3 + push * w3 - h3 * y7 - g3 * y6 - f3 * y5 - e3 * y4) * d3
    y2 = (s2 + push * w2 - h2 * y7 - g2 * y6 - f2 * y5 - e2 * y4 - d2 * y3) * c2
    y1 = (s1 + push * w1 - h1 * y7 - g1 * y6 - f1 * y5 - e1 * y4 - d1 * y3 - c1 * y2) * b1
    y0 = (s0 + push * w0 - h0 * y7 - g0 * y6 - f0 * y5 - e0 * y4 - d0 * y3 - c0 * y2 - b0 * y1) * a0
    return [
        ((t0 + y0 / r0) * 1e7 + 0.5) // 1 / 1e7,
        ((t1 + y1 / r1) * 1e7 + 0.5) // 1 / 1e7,
        ((t2 + y2 / r2) * 1e7 + 0.5) // 1 / 1e7,
        ((t3 + y3 / r3) * 1e7 + 0.5) // 1 / 1e7,
        ((t4 + y4 / r4) * 1e7 + 0.5) // 1 / 1e7,
        ((t5 + y5 / r5) * 1e7 + 0.5) // 1 / 1e7,
        ((t6 + y6 / r6) * 1e7 + 0.5) // 1 / 1e7,
        ((t7 + y7 / r7) * 1e7 + 0.5) // 1 / 1e7,
    ]


def tail_8(factor: Flat, right: Row) -> Flat:
    _, _, _, _, _, _, _, _, _, d3, _, _, _, e3, e4, _, _, _, f3, f4, f5, _, _, _, g3, g4, g5, g6, _, _, _, h3, h4, h5, h6, h7 = factor
    _, _, _, y3, y4, y5, y6, y7 = right
    m4 = -(e3 * d3) * e4
    m5 = -(f3 * d3 + f4 * m4) * f5
    m6 = -(g3 * d3 + g4 * m4 + g5 * m5) * g6
    m7 = -(h3 * d3 + h4 * m4 + h5 * m5 + h6 * m6) * h7
    s3 = d3 * d3 + m4 * m4 + m5 * m5 + m6 * m6 + m7 * m7
    t3 = d3 * y3 + m4 * y4 + m5 * y5 + m6 * y6 + m7 * y7
    m5 = -(f4 * e4) * f5
    m6 = -(g4 * e4 + g5 * m5) * g6
    m7 = -(h4 * e4 + h5 * m5 + h6 * m6) * h7
    s4 = e4 * e4 + m5 * m5 + m6 * m6 + m7 * m7
    t4 = e4 * y4 + m5 * y5 + m6 * y6 + m7 * y7
    m6 = -(g5 * f5) * g6
    m7 = -(h5 * f5 + h6 * m6) * h7
    s5 = f5 * f5 + m6 * m6 + m7 * m7
    t5 = f5 * y5 + m6 * y6 + m7 * y7
    m7 = -(h6 * g6) * h7
    s6 = g6 * g6 + m7 * m7
    t6 = g6 * y6 + m7 * y7
    s7 = h7 * h7
    t7 = h7 * y7
    return s3, t3, s4, t4, s5, t5, s6, t6, s7, t7


def grow_8(a: Row, roots: Row, x: Row, push: Row) -> list[float]:
    (
        a0, b0, b1, c0, c1, c2, d0, d1, d2, d3, e0, e1, e2, e3, e4, f0, f1, f2, f3, f4, f5, g0, g1, g2, g3, g4, g5, g6, h0, h1, h2,
        h3, h4, h5, h6, h7,
    ) = a
    r0, r1, r2, r3, r4, r5, r6, r7 = roots
    x0, x1, x2, x3, x4, x5, x6, x7 = x
    p0, p1, p2, p3, p4, p5, p6, p7 = push
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
        ((g0 * r6 * r0 + p6 * x0) * 1e5 + 0.5) // 1 / 1e5,
        ((g1 * r6 * r1 + p6 * x1) * 1e5 + 0.5) // 1 / 1e5,
        ((g2 * r6 * r2 + p6 * x2) * 1e5 + 0.5) // 1 / 1e5,
        ((g3 * r6 * r3 + p6 * x3) * 1e5 + 0.5) // 1 / 1e5,
        ((g4 * r6 * r4 + p6 * x4) * 1e5 + 0.5) // 1 / 1e5,
        ((g5 * r6 * r5 + p6 * x5) * 1e5 + 0.5) // 1 / 1e5,
        ((g6 * r6 * r6 + p6 * x6) * 1e5 + 0.5) // 1 / 1e5,
        ((h0 * r7 * r0 + p7 * x0) * 1e5 + 0.5) // 1 / 1e5,
        ((h1 * r7 * r1 + p7 * x1) * 1e5 + 0.5) // 1 / 1e5,
        ((h2 * r7 * r2 + p7 * x2) * 1e5 + 0.5) // 1 / 1e5,
        ((h3 * r7 * r3 + p7 * x3) * 1e5 + 0.5) // 1 / 1e5,
        ((h4 * r7 * r4 + p7 * x4) * 1e5 + 0.5) // 1 / 1e5,
        ((h5 * r7 * r5 + p7 * x5) * 1e5 + 0.5) // 1 / 1e5,
        ((h6 * r7 * r6 + p7 * x6) * 1e5 + 0.5) // 1 / 1e5,
        ((h7 * r7 * r7 + p7 * x7) * 1e5 + 0.5) // 1 / 1e5,
    ]


KERNEL = Kernel(factor_8, forward_8, pull_8, move_8, tail_8, grow_8, (0, 2, 5, 9, 14, 20, 27, 35), 3)
