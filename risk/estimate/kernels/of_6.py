"""Cholesky kernels of size 6, written by bench/unroll.py: change that and run it, never this."""

# ruff: noqa: FURB136, PLR0915
# fmt: off

from math import exp2

from risk.estimate.kernels.kernel import Fade, Flat, Kernel, Row, Rows, Settled


def fade_6(a: Row, seen: Row, x: Row, anchor: Row, rate: float) -> Fade:
    v0, v1, v2, v3, v4, v5 = seen
    x0, x1, x2, x3, x4, x5 = x
    n0, n1, n2, n3, n4, n5 = anchor
    matrix = list(a)
    q0 = x0 * x0
    if q0:
        q = q0 / v0
        r0 = exp2(rate * (q if q < 4.0 else 4.0))
        q = r0 * r0
        p0 = n0 * (1.0 - q)
        matrix[0] += p0 / q
        p0 /= r0
    else:
        r0, p0 = 1.0, 0.0
    q1 = x1 * x1
    if q1:
        q = q1 / v1
        r1 = exp2(rate * (q if q < 4.0 else 4.0))
        q = r1 * r1
        p1 = n1 * (1.0 - q)
        matrix[2] += p1 / q
        p1 /= r1
    else:
        r1, p1 = 1.0, 0.0
    q2 = x2 * x2
    if q2:
        q = q2 / v2
        r2 = exp2(rate * (q if q < 4.0 else 4.0))
        q = r2 * r2
        p2 = n2 * (1.0 - q)
        matrix[5] += p2 / q
        p2 /= r2
    else:
        r2, p2 = 1.0, 0.0
    q3 = x3 * x3
    if q3:
        q = q3 / v3
        r3 = exp2(rate * (q if q < 4.0 else 4.0))
        q = r3 * r3
        p3 = n3 * (1.0 - q)
        matrix[9] += p3 / q
        p3 /= r3
    else:
        r3, p3 = 1.0, 0.0
    q4 = x4 * x4
    if q4:
        q = q4 / v4
        r4 = exp2(rate * (q if q < 4.0 else 4.0))
        q = r4 * r4
        p4 = n4 * (1.0 - q)
        matrix[14] += p4 / q
        p4 /= r4
    else:
        r4, p4 = 1.0, 0.0
    q5 = x5 * x5
    if q5:
        q = q5 / v5
        r5 = exp2(rate * (q if q < 4.0 else 4.0))
        q = r5 * r5
        p5 = n5 * (1.0 - q)
        matrix[20] += p5 / q
        p5 /= r5
    else:
        r5, p5 = 1.0, 0.0
    return matrix, (r0, r1, r2, r3, r4, r5), (p0, p1, p2, p3, p4, p5), [
        ((v0 + (q0 - v0) / 60.0) * 1e4 + 0.75 + 6755399441055744.0 - 6755399441055744.0) / 1e4,
        ((v1 + (q1 - v1) / 60.0) * 1e4 + 0.75 + 6755399441055744.0 - 6755399441055744.0) / 1e4,
        ((v2 + (q2 - v2) / 60.0) * 1e4 + 0.75 + 6755399441055744.0 - 6755399441055744.0) / 1e4,
        ((v3 + (q3 - v3) / 60.0) * 1e4 + 0.75 + 6755399441055744.0 - 6755399441055744.0) / 1e4,
        ((v4 + (q4 - v4) / 60.0) * 1e4 + 0.75 + 6755399441055744.0 - 6755399441055744.0) / 1e4,
        ((v5 + (q5 - v5) / 60.0) * 1e4 + 0.75 + 6755399441055744.0 - 6755399441055744.0) / 1e4,
    ]


def settle_6(a: Row, roots: Row, push: Row, x: Row, means: Rows, rows: Rows) -> Settled:
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
    r0, r1, r2, r3, r4, r5 = roots
    p0, p1, p2, p3, p4, p5 = push
    x0, x1, x2, x3, x4, x5 = x
    y0 = (x0 / r0) * a0
    y1 = (x1 / r1 - b0 * y0) * b1
    y2 = (x2 / r2 - c0 * y0 - c1 * y1) * c2
    y3 = (x3 / r3 - d0 * y0 - d1 * y1 - d2 * y2) * d3
    y4 = (x4 / r4 - e0 * y0 - e1 * y1 - e2 * y2 - e3 * y3) * e4
    y5 = (x5 / r5 - f0 * y0 - f1 * y1 - f2 * y2 - f3 * y3 - f4 * y4) * f5
    doubt: float = y0 * y0 + y1 * y1 + y2 * y2 + y3 * y3 + y4 * y4 + y5 * y5
    y5 *= f5
    y4 = (y4 - f4 * y5) * e4
    y3 = (y3 - f3 * y5 - e3 * y4) * d3
    y2 = (y2 - f2 * y5 - e2 * y4 - d2 * y3) * c2
    y1 = (y1 - f1 * y5 - e1 * y4 - d1 * y3 - c1 * y2) * b1
    y0 = (y0 - f0 * y5 - e0 * y4 - d0 * y3 - c0 * y2 - b0 * y1) * a0
    direction = y0 / r0, y1 / r1, y2 / r2, y3 / r3, y4 / r4, y5 / r5
    drawn: list[Flat] = []
    for mean, row in zip(means, rows, strict=True):
        m0, m1, m2, m3, m4, m5 = mean
        t0, t1, t2, t3, t4, t5 = row
        y0 = (p0 * (m0 - t0)) * a0
        y1 = (p1 * (m1 - t1) - b0 * y0) * b1
        y2 = (p2 * (m2 - t2) - c0 * y0 - c1 * y1) * c2
        y3 = (p3 * (m3 - t3) - d0 * y0 - d1 * y1 - d2 * y2) * d3
        y4 = (p4 * (m4 - t4) - e0 * y0 - e1 * y1 - e2 * y2 - e3 * y3) * e4
        y5 = (p5 * (m5 - t5) - f0 * y0 - f1 * y1 - f2 * y2 - f3 * y3 - f4 * y4) * f5
        y5 *= f5
        y4 = (y4 - f4 * y5) * e4
        y3 = (y3 - f3 * y5 - e3 * y4) * d3
        y2 = (y2 - f2 * y5 - e2 * y4 - d2 * y3) * c2
        y1 = (y1 - f1 * y5 - e1 * y4 - d1 * y3 - c1 * y2) * b1
        y0 = (y0 - f0 * y5 - e0 * y4 - d0 * y3 - c0 * y2 - b0 * y1) * a0
        drawn.append((t0 + y0 / r0, t1 + y1 / r1, t2 + y2 / r2, t3 + y3 / r3, t4 + y4 / r4, t5 + y5 / r5))
    y2 = -(c1 * b1) * c2
    y3 = -(d1 * b1 + d2 * y2) * d3
    y4 = -(e1 * b1 + e2 * y2 + e3 * y3) * e4
    y5 = -(f1 * b1 + f2 * y2 + f3 * y3 + f4 * y4) * f5
    t1 = (b1 * b1 + y2 * y2 + y3 * y3 + y4 * y4 + y5 * y5) / (r1 * r1)
    y3 = -(d2 * c2) * d3
    y4 = -(e2 * c2 + e3 * y3) * e4
    y5 = -(f2 * c2 + f3 * y3 + f4 * y4) * f5
    t2 = (c2 * c2 + y3 * y3 + y4 * y4 + y5 * y5) / (r2 * r2)
    y4 = -(e3 * d3) * e4
    y5 = -(f3 * d3 + f4 * y4) * f5
    t3 = (d3 * d3 + y4 * y4 + y5 * y5) / (r3 * r3)
    y5 = -(f4 * e4) * f5
    t4 = (e4 * e4 + y5 * y5) / (r4 * r4)
    t5 = (f5 * f5) / (r5 * r5)
    return doubt, direction, drawn, (t1, t2, t3, t4, t5)


def square_6(a: Row, x: Row) -> float:
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
    x0, x1, x2, x3, x4, x5 = x
    y0 = (x0) * a0
    y1 = (x1 - b0 * y0) * b1
    y2 = (x2 - c0 * y0 - c1 * y1) * c2
    y3 = (x3 - d0 * y0 - d1 * y1 - d2 * y2) * d3
    y4 = (x4 - e0 * y0 - e1 * y1 - e2 * y2 - e3 * y3) * e4
    y5 = (x5 - f0 * y0 - f1 * y1 - f2 * y2 - f3 * y3 - f4 * y4) * f5
    doubt: float = y0 * y0 + y1 * y1 + y2 * y2 + y3 * y3 + y4 * y4 + y5 * y5
    return doubt


def shift_6(theta: Row, direction: Row, push: float) -> list[float]:
    t0, t1, t2, t3, t4, t5 = theta
    g0, g1, g2, g3, g4, g5 = direction
    return [
        ((t0 + push * g0) * 1e6 + 6755399441055744.0 - 6755399441055744.0) / 1e6,
        ((t1 + push * g1) * 1e6 + 6755399441055744.0 - 6755399441055744.0) / 1e6,
        ((t2 + push * g2) * 1e6 + 6755399441055744.0 - 6755399441055744.0) / 1e6,
        ((t3 + push * g3) * 1e6 + 6755399441055744.0 - 6755399441055744.0) / 1e6,
        ((t4 + push * g4) * 1e6 + 6755399441055744.0 - 6755399441055744.0) / 1e6,
        ((t5 + push * g5) * 1e6 + 6755399441055744.0 - 6755399441055744.0) / 1e6,
    ]


def tail_6(variances: Row, direction: Row, share: float) -> list[float]:
    s1, s2, s3, s4, s5 = variances
    _, g1, g2, g3, g4, g5 = direction
    return [
        ((s1 - share * g1 * g1) * 1e7 + 0.75 + 6755399441055744.0 - 6755399441055744.0) / 1e7,
        ((s2 - share * g2 * g2) * 1e7 + 0.75 + 6755399441055744.0 - 6755399441055744.0) / 1e7,
        ((s3 - share * g3 * g3) * 1e7 + 0.75 + 6755399441055744.0 - 6755399441055744.0) / 1e7,
        ((s4 - share * g4 * g4) * 1e7 + 0.75 + 6755399441055744.0 - 6755399441055744.0) / 1e7,
        ((s5 - share * g5 * g5) * 1e7 + 0.75 + 6755399441055744.0 - 6755399441055744.0) / 1e7,
    ]


def grow_6(a: Row, roots: Row, x: Row, gain: float) -> list[float]:
    a0, b0, b1, c0, c1, c2, d0, d1, d2, d3, e0, e1, e2, e3, e4, f0, f1, f2, f3, f4, f5 = a
    r0, r1, r2, r3, r4, r5 = roots
    x0, x1, x2, x3, x4, x5 = x
    p = gain * x0
    a0 = ((a0 * r0 * r0 + p * x0) * 1e4 + 6755399441055744.0 - 6755399441055744.0) / 1e4
    p = gain * x1
    b0 = ((b0 * r1 * r0 + p * x0) * 1e4 + 6755399441055744.0 - 6755399441055744.0) / 1e4
    b1 = ((b1 * r1 * r1 + p * x1) * 1e4 + 6755399441055744.0 - 6755399441055744.0) / 1e4
    p = gain * x2
    c0 = ((c0 * r2 * r0 + p * x0) * 1e4 + 6755399441055744.0 - 6755399441055744.0) / 1e4
    c1 = ((c1 * r2 * r1 + p * x1) * 1e4 + 6755399441055744.0 - 6755399441055744.0) / 1e4
    c2 = ((c2 * r2 * r2 + p * x2) * 1e4 + 6755399441055744.0 - 6755399441055744.0) / 1e4
    p = gain * x3
    d0 = ((d0 * r3 * r0 + p * x0) * 1e4 + 6755399441055744.0 - 6755399441055744.0) / 1e4
    d1 = ((d1 * r3 * r1 + p * x1) * 1e4 + 6755399441055744.0 - 6755399441055744.0) / 1e4
    d2 = ((d2 * r3 * r2 + p * x2) * 1e4 + 6755399441055744.0 - 6755399441055744.0) / 1e4
    d3 = ((d3 * r3 * r3 + p * x3) * 1e4 + 6755399441055744.0 - 6755399441055744.0) / 1e4
    p = gain * x4
    e0 = ((e0 * r4 * r0 + p * x0) * 1e4 + 6755399441055744.0 - 6755399441055744.0) / 1e4
    e1 = ((e1 * r4 * r1 + p * x1) * 1e4 + 6755399441055744.0 - 6755399441055744.0) / 1e4
    e2 = ((e2 * r4 * r2 + p * x2) * 1e4 + 6755399441055744.0 - 6755399441055744.0) / 1e4
    e3 = ((e3 * r4 * r3 + p * x3) * 1e4 + 6755399441055744.0 - 6755399441055744.0) / 1e4
    e4 = ((e4 * r4 * r4 + p * x4) * 1e4 + 6755399441055744.0 - 6755399441055744.0) / 1e4
    p = gain * x5
    f0 = ((f0 * r5 * r0 + p * x0) * 1e4 + 6755399441055744.0 - 6755399441055744.0) / 1e4
    f1 = ((f1 * r5 * r1 + p * x1) * 1e4 + 6755399441055744.0 - 6755399441055744.0) / 1e4
    f2 = ((f2 * r5 * r2 + p * x2) * 1e4 + 6755399441055744.0 - 6755399441055744.0) / 1e4
    f3 = ((f3 * r5 * r3 + p * x3) * 1e4 + 6755399441055744.0 - 6755399441055744.0) / 1e4
    f4 = ((f4 * r5 * r4 + p * x4) * 1e4 + 6755399441055744.0 - 6755399441055744.0) / 1e4
    f5 = ((f5 * r5 * r5 + p * x5) * 1e4 + 6755399441055744.0 - 6755399441055744.0) / 1e4
    return [
        a0, b0, b1, c0, c1, c2, d0, d1, d2, d3, e0, e1, e2, e3, e4, f0, f1, f2, f3, f4, f5,
    ]


KERNEL = Kernel(fade_6, settle_6, square_6, shift_6, tail_6, grow_6)
