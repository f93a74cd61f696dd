"""Cholesky kernels of size 6, written by bench/unroll.py: change that and run it, never this."""

# ruff: noqa: B905, FURB136, PLR0915
# fmt: off

from math import exp2

from risk.estimate.kernels.kernel import Fade, Flat, Kernel, Row, Rows, Settled


def fade_6(memory: Row, x: list[float], anchor: list[float], rate: float) -> Fade:
    a0, b0, b1, c0, c1, c2, d0, d1, d2, d3, e0, e1, e2, e3, e4, f0, f1, f2, f3, f4, f5, v0, v1, v2, v3, v4, v5 = tuple(memory[:27])
    x0, x1, x2, x3, x4, x5 = x
    n0, n1, n2, n3, n4, n5 = anchor
    q0 = x0 * x0
    if q0:
        q = q0 / v0
        r0 = exp2(rate * (q if q < 4.0 else 4.0))
        q = r0 * r0
        p0 = n0 * (1.0 - q)
        a0 = a0 * q + p0
    else:
        r0, p0 = 1.0, 0.0
    q1 = x1 * x1
    if q1:
        q = q1 / v1
        r1 = exp2(rate * (q if q < 4.0 else 4.0))
        q = r1 * r1
        p1 = n1 * (1.0 - q)
        b0 *= r1 * r0
        b1 = b1 * q + p1
    else:
        r1, p1 = 1.0, 0.0
        b0 *= r0
    q2 = x2 * x2
    if q2:
        q = q2 / v2
        r2 = exp2(rate * (q if q < 4.0 else 4.0))
        q = r2 * r2
        p2 = n2 * (1.0 - q)
        c0 *= r2 * r0
        c1 *= r2 * r1
        c2 = c2 * q + p2
    else:
        r2, p2 = 1.0, 0.0
        c0 *= r0
        c1 *= r1
    q3 = x3 * x3
    if q3:
        q = q3 / v3
        r3 = exp2(rate * (q if q < 4.0 else 4.0))
        q = r3 * r3
        p3 = n3 * (1.0 - q)
        d0 *= r3 * r0
        d1 *= r3 * r1
        d2 *= r3 * r2
        d3 = d3 * q + p3
    else:
        r3, p3 = 1.0, 0.0
        d0 *= r0
        d1 *= r1
        d2 *= r2
    q4 = x4 * x4
    if q4:
        q = q4 / v4
        r4 = exp2(rate * (q if q < 4.0 else 4.0))
        q = r4 * r4
        p4 = n4 * (1.0 - q)
        e0 *= r4 * r0
        e1 *= r4 * r1
        e2 *= r4 * r2
        e3 *= r4 * r3
        e4 = e4 * q + p4
    else:
        r4, p4 = 1.0, 0.0
        e0 *= r0
        e1 *= r1
        e2 *= r2
        e3 *= r3
    q5 = x5 * x5
    if q5:
        q = q5 / v5
        r5 = exp2(rate * (q if q < 4.0 else 4.0))
        q = r5 * r5
        p5 = n5 * (1.0 - q)
        f0 *= r5 * r0
        f1 *= r5 * r1
        f2 *= r5 * r2
        f3 *= r5 * r3
        f4 *= r5 * r4
        f5 = f5 * q + p5
    else:
        r5, p5 = 1.0, 0.0
        f0 *= r0
        f1 *= r1
        f2 *= r2
        f3 *= r3
        f4 *= r4
    return [
        a0, b0, b1, c0, c1, c2, d0, d1, d2, d3, e0, e1, e2, e3, e4, f0, f1, f2, f3, f4, f5,
    ], (r0, r1, r2, r3, r4, r5), (p0, p1, p2, p3, p4, p5), [
        v0 + (q0 - v0) / 60.0 + 1e-6,
        v1 + (q1 - v1) / 60.0 + 1e-6,
        v2 + (q2 - v2) / 60.0 + 1e-6,
        v3 + (q3 - v3) / 60.0 + 1e-6,
        v4 + (q4 - v4) / 60.0 + 1e-6,
        v5 + (q5 - v5) / 60.0 + 1e-6,
    ]


def settle_6(a: list[float], push: Row, x: list[float], means: Rows, rows: Rows) -> Settled:
    a0, b0, b1, c0, c1, c2, d0, d1, d2, d3, e0, e1, e2, e3, e4, f0, f1, f2, f3, f4, f5 = a
    a0 = 1.0 / a0
    u0 = b0
    b0 = u0 * a0
    b1 = 1.0 / (b1 - u0 * b0)
    u0 = c0
    u1 = c1 - u0 * b0
    c0 = u0 * a0
    c1 = u1 * b1
    c2 = 1.0 / (c2 - u0 * c0 - u1 * c1)
    u0 = d0
    u1 = d1 - u0 * b0
    u2 = d2 - u0 * c0 - u1 * c1
    d0 = u0 * a0
    d1 = u1 * b1
    d2 = u2 * c2
    d3 = 1.0 / (d3 - u0 * d0 - u1 * d1 - u2 * d2)
    u0 = e0
    u1 = e1 - u0 * b0
    u2 = e2 - u0 * c0 - u1 * c1
    u3 = e3 - u0 * d0 - u1 * d1 - u2 * d2
    e0 = u0 * a0
    e1 = u1 * b1
    e2 = u2 * c2
    e3 = u3 * d3
    e4 = 1.0 / (e4 - u0 * e0 - u1 * e1 - u2 * e2 - u3 * e3)
    u0 = f0
    u1 = f1 - u0 * b0
    u2 = f2 - u0 * c0 - u1 * c1
    u3 = f3 - u0 * d0 - u1 * d1 - u2 * d2
    u4 = f4 - u0 * e0 - u1 * e1 - u2 * e2 - u3 * e3
    f0 = u0 * a0
    f1 = u1 * b1
    f2 = u2 * c2
    f3 = u3 * d3
    f4 = u4 * e4
    f5 = 1.0 / (f5 - u0 * f0 - u1 * f1 - u2 * f2 - u3 * f3 - u4 * f4)
    p0, p1, p2, p3, p4, p5 = tuple(push)
    x0, x1, x2, x3, x4, x5 = x
    y0 = x0
    y1 = x1 - b0 * y0
    y2 = x2 - c0 * y0 - c1 * y1
    y3 = x3 - d0 * y0 - d1 * y1 - d2 * y2
    y4 = x4 - e0 * y0 - e1 * y1 - e2 * y2 - e3 * y3
    y5 = x5 - f0 * y0 - f1 * y1 - f2 * y2 - f3 * y3 - f4 * y4
    z0 = y0 * a0
    z1 = y1 * b1
    z2 = y2 * c2
    z3 = y3 * d3
    z4 = y4 * e4
    z5 = y5 * f5
    doubt: float = y0 * z0 + y1 * z1 + y2 * z2 + y3 * z3 + y4 * z4 + y5 * z5
    y5 = z5
    y4 = z4 - f4 * y5
    y3 = z3 - f3 * y5 - e3 * y4
    y2 = z2 - f2 * y5 - e2 * y4 - d2 * y3
    y1 = z1 - f1 * y5 - e1 * y4 - d1 * y3 - c1 * y2
    y0 = z0 - f0 * y5 - e0 * y4 - d0 * y3 - c0 * y2 - b0 * y1
    direction = y0, y1, y2, y3, y4, y5
    drawn: list[Flat] = []
    expected: list[float] = []
    for mean, row in zip(means, rows):
        m0, m1, m2, m3, m4, m5 = tuple(mean)
        t0, t1, t2, t3, t4, t5 = tuple(row)
        y0 = p0 * (m0 - t0)
        y1 = p1 * (m1 - t1) - b0 * y0
        y2 = p2 * (m2 - t2) - c0 * y0 - c1 * y1
        y3 = p3 * (m3 - t3) - d0 * y0 - d1 * y1 - d2 * y2
        y4 = p4 * (m4 - t4) - e0 * y0 - e1 * y1 - e2 * y2 - e3 * y3
        y5 = p5 * (m5 - t5) - f0 * y0 - f1 * y1 - f2 * y2 - f3 * y3 - f4 * y4
        y5 = y5 * f5
        y4 = y4 * e4 - f4 * y5
        y3 = y3 * d3 - f3 * y5 - e3 * y4
        y2 = y2 * c2 - f2 * y5 - e2 * y4 - d2 * y3
        y1 = y1 * b1 - f1 * y5 - e1 * y4 - d1 * y3 - c1 * y2
        y0 = y0 * a0 - f0 * y5 - e0 * y4 - d0 * y3 - c0 * y2 - b0 * y1
        t0 += y0
        t1 += y1
        t2 += y2
        t3 += y3
        t4 += y4
        t5 += y5
        drawn.append((t0, t1, t2, t3, t4, t5))
        expected.append(x0 * t0 + x1 * t1 + x2 * t2 + x3 * t3 + x4 * t4 + x5 * t5)
    y2 = c1
    y3 = d1 - d2 * y2
    y4 = e1 - e2 * y2 - e3 * y3
    y5 = f1 - f2 * y2 - f3 * y3 - f4 * y4
    t1 = b1 + y2 * y2 * c2 + y3 * y3 * d3 + y4 * y4 * e4 + y5 * y5 * f5
    y3 = d2
    y4 = e2 - e3 * y3
    y5 = f2 - f3 * y3 - f4 * y4
    t2 = c2 + y3 * y3 * d3 + y4 * y4 * e4 + y5 * y5 * f5
    y4 = e3
    y5 = f3 - f4 * y4
    t3 = d3 + y4 * y4 * e4 + y5 * y5 * f5
    y5 = f4
    t4 = e4 + y5 * y5 * f5
    t5 = f5
    return doubt, direction, drawn, expected, (t1, t2, t3, t4, t5)


def square_6(memory: Row, x: list[float]) -> float:
    a0, b0, b1, c0, c1, c2, d0, d1, d2, d3, e0, e1, e2, e3, e4, f0, f1, f2, f3, f4, f5 = tuple(memory[:21])
    a0 = 1.0 / a0
    u0 = b0
    b0 = u0 * a0
    b1 = 1.0 / (b1 - u0 * b0)
    u0 = c0
    u1 = c1 - u0 * b0
    c0 = u0 * a0
    c1 = u1 * b1
    c2 = 1.0 / (c2 - u0 * c0 - u1 * c1)
    u0 = d0
    u1 = d1 - u0 * b0
    u2 = d2 - u0 * c0 - u1 * c1
    d0 = u0 * a0
    d1 = u1 * b1
    d2 = u2 * c2
    d3 = 1.0 / (d3 - u0 * d0 - u1 * d1 - u2 * d2)
    u0 = e0
    u1 = e1 - u0 * b0
    u2 = e2 - u0 * c0 - u1 * c1
    u3 = e3 - u0 * d0 - u1 * d1 - u2 * d2
    e0 = u0 * a0
    e1 = u1 * b1
    e2 = u2 * c2
    e3 = u3 * d3
    e4 = 1.0 / (e4 - u0 * e0 - u1 * e1 - u2 * e2 - u3 * e3)
    u0 = f0
    u1 = f1 - u0 * b0
    u2 = f2 - u0 * c0 - u1 * c1
    u3 = f3 - u0 * d0 - u1 * d1 - u2 * d2
    u4 = f4 - u0 * e0 - u1 * e1 - u2 * e2 - u3 * e3
    f0 = u0 * a0
    f1 = u1 * b1
    f2 = u2 * c2
    f3 = u3 * d3
    f4 = u4 * e4
    f5 = 1.0 / (f5 - u0 * f0 - u1 * f1 - u2 * f2 - u3 * f3 - u4 * f4)
    x0, x1, x2, x3, x4, x5 = x
    y0 = x0
    y1 = x1 - b0 * y0
    y2 = x2 - c0 * y0 - c1 * y1
    y3 = x3 - d0 * y0 - d1 * y1 - d2 * y2
    y4 = x4 - e0 * y0 - e1 * y1 - e2 * y2 - e3 * y3
    y5 = x5 - f0 * y0 - f1 * y1 - f2 * y2 - f3 * y3 - f4 * y4
    doubt: float = y0 * y0 * a0 + y1 * y1 * b1 + y2 * y2 * c2 + y3 * y3 * d3 + y4 * y4 * e4 + y5 * y5 * f5
    return doubt


def shift_6(rows: Rows, direction: Row, pushes: Row) -> list[list[float]]:
    g0, g1, g2, g3, g4, g5 = tuple(direction)
    moved: list[list[float]] = []
    for row, push in zip(rows, pushes):
        t0, t1, t2, t3, t4, t5 = tuple(row)
        moved.append([
            ((t0 + push * g0) * 1e6 + 6755399441055744.0 - 6755399441055744.0) / 1e6,
            ((t1 + push * g1) * 1e6 + 6755399441055744.0 - 6755399441055744.0) / 1e6,
            ((t2 + push * g2) * 1e6 + 6755399441055744.0 - 6755399441055744.0) / 1e6,
            ((t3 + push * g3) * 1e6 + 6755399441055744.0 - 6755399441055744.0) / 1e6,
            ((t4 + push * g4) * 1e6 + 6755399441055744.0 - 6755399441055744.0) / 1e6,
            ((t5 + push * g5) * 1e6 + 6755399441055744.0 - 6755399441055744.0) / 1e6,
        ])
    return moved


def tail_6(variances: Row, direction: Row, share: float) -> list[float]:
    s1, s2, s3, s4, s5 = tuple(variances)
    _, g1, g2, g3, g4, g5 = tuple(direction)
    return [
        s1 - share * g1 * g1,
        s2 - share * g2 * g2,
        s3 - share * g3 * g3,
        s4 - share * g4 * g4,
        s5 - share * g5 * g5,
    ]


def grow_6(a: list[float], x: list[float], gain: float) -> list[float]:
    a0, b0, b1, c0, c1, c2, d0, d1, d2, d3, e0, e1, e2, e3, e4, f0, f1, f2, f3, f4, f5 = a
    x0, x1, x2, x3, x4, x5 = x
    p = gain * x0
    a0 += p * x0
    p = gain * x1
    b0 += p * x0
    b1 += p * x1
    p = gain * x2
    c0 += p * x0
    c1 += p * x1
    c2 += p * x2
    p = gain * x3
    d0 += p * x0
    d1 += p * x1
    d2 += p * x2
    d3 += p * x3
    p = gain * x4
    e0 += p * x0
    e1 += p * x1
    e2 += p * x2
    e3 += p * x3
    e4 += p * x4
    p = gain * x5
    f0 += p * x0
    f1 += p * x1
    f2 += p * x2
    f3 += p * x3
    f4 += p * x4
    f5 += p * x5
    return [
        a0, b0, b1, c0, c1, c2, d0, d1, d2, d3, e0, e1, e2, e3, e4, f0, f1, f2, f3, f4, f5,
    ]


KERNEL: Kernel = Kernel(fade_6, settle_6, square_6, shift_6, tail_6, grow_6)
