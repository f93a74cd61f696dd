"""Cholesky kernels of size 12, written by bench/unroll.py: change that and run it, never this."""

# ruff: noqa: B905, E501, FURB136, PLR0915
# fmt: off

from math import exp2

from risk.estimate.kernels.kernel import Fade, Flat, Kernel, Row, Rows, Settled


def fade_12(memory: Row, x: list[float], anchor: list[float], rate: float) -> Fade:
    (
        a0, b0, b1, c0, c1, c2, d0, d1, d2, d3, e0, e1, e2, e3, e4, f0, f1, f2, f3, f4, f5, g0, g1, g2, g3, g4, g5, g6, h0, h1, h2,
        h3, h4, h5, h6, h7, i0, i1, i2, i3, i4, i5, i6, i7, i8, j0, j1, j2, j3, j4, j5, j6, j7, j8, j9, k0, k1, k2, k3, k4, k5, k6,
        k7, k8, k9, k10, l0, l1, l2, l3, l4, l5, l6, l7, l8, l9, l10, l11, v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11,
    ) = tuple(memory[:90])
    x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11 = x
    n0, n1, n2, n3, n4, n5, n6, n7, n8, n9, n10, n11 = anchor
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
    q6 = x6 * x6
    if q6:
        q = q6 / v6
        r6 = exp2(rate * (q if q < 4.0 else 4.0))
        q = r6 * r6
        p6 = n6 * (1.0 - q)
        g0 *= r6 * r0
        g1 *= r6 * r1
        g2 *= r6 * r2
        g3 *= r6 * r3
        g4 *= r6 * r4
        g5 *= r6 * r5
        g6 = g6 * q + p6
    else:
        r6, p6 = 1.0, 0.0
        g0 *= r0
        g1 *= r1
        g2 *= r2
        g3 *= r3
        g4 *= r4
        g5 *= r5
    q7 = x7 * x7
    if q7:
        q = q7 / v7
        r7 = exp2(rate * (q if q < 4.0 else 4.0))
        q = r7 * r7
        p7 = n7 * (1.0 - q)
        h0 *= r7 * r0
        h1 *= r7 * r1
        h2 *= r7 * r2
        h3 *= r7 * r3
        h4 *= r7 * r4
        h5 *= r7 * r5
        h6 *= r7 * r6
        h7 = h7 * q + p7
    else:
        r7, p7 = 1.0, 0.0
        h0 *= r0
        h1 *= r1
        h2 *= r2
        h3 *= r3
        h4 *= r4
        h5 *= r5
        h6 *= r6
    q8 = x8 * x8
    if q8:
        q = q8 / v8
        r8 = exp2(rate * (q if q < 4.0 else 4.0))
        q = r8 * r8
        p8 = n8 * (1.0 - q)
        i0 *= r8 * r0
        i1 *= r8 * r1
        i2 *= r8 * r2
        i3 *= r8 * r3
        i4 *= r8 * r4
        i5 *= r8 * r5
        i6 *= r8 * r6
        i7 *= r8 * r7
        i8 = i8 * q + p8
    else:
        r8, p8 = 1.0, 0.0
        i0 *= r0
        i1 *= r1
        i2 *= r2
        i3 *= r3
        i4 *= r4
        i5 *= r5
        i6 *= r6
        i7 *= r7
    q9 = x9 * x9
    if q9:
        q = q9 / v9
        r9 = exp2(rate * (q if q < 4.0 else 4.0))
        q = r9 * r9
        p9 = n9 * (1.0 - q)
        j0 *= r9 * r0
        j1 *= r9 * r1
        j2 *= r9 * r2
        j3 *= r9 * r3
        j4 *= r9 * r4
        j5 *= r9 * r5
        j6 *= r9 * r6
        j7 *= r9 * r7
        j8 *= r9 * r8
        j9 = j9 * q + p9
    else:
        r9, p9 = 1.0, 0.0
        j0 *= r0
        j1 *= r1
        j2 *= r2
        j3 *= r3
        j4 *= r4
        j5 *= r5
        j6 *= r6
        j7 *= r7
        j8 *= r8
    q10 = x10 * x10
    if q10:
        q = q10 / v10
        r10 = exp2(rate * (q if q < 4.0 else 4.0))
        q = r10 * r10
        p10 = n10 * (1.0 - q)
        k0 *= r10 * r0
        k1 *= r10 * r1
        k2 *= r10 * r2
        k3 *= r10 * r3
        k4 *= r10 * r4
        k5 *= r10 * r5
        k6 *= r10 * r6
        k7 *= r10 * r7
        k8 *= r10 * r8
        k9 *= r10 * r9
        k10 = k10 * q + p10
    else:
        r10, p10 = 1.0, 0.0
        k0 *= r0
        k1 *= r1
        k2 *= r2
        k3 *= r3
        k4 *= r4
        k5 *= r5
        k6 *= r6
        k7 *= r7
        k8 *= r8
        k9 *= r9
    q11 = x11 * x11
    if q11:
        q = q11 / v11
        r11 = exp2(rate * (q if q < 4.0 else 4.0))
        q = r11 * r11
        p11 = n11 * (1.0 - q)
        l0 *= r11 * r0
        l1 *= r11 * r1
        l2 *= r11 * r2
        l3 *= r11 * r3
        l4 *= r11 * r4
        l5 *= r11 * r5
        l6 *= r11 * r6
        l7 *= r11 * r7
        l8 *= r11 * r8
        l9 *= r11 * r9
        l10 *= r11 * r10
        l11 = l11 * q + p11
    else:
        r11, p11 = 1.0, 0.0
        l0 *= r0
        l1 *= r1
        l2 *= r2
        l3 *= r3
        l4 *= r4
        l5 *= r5
        l6 *= r6
        l7 *= r7
        l8 *= r8
        l9 *= r9
        l10 *= r10
    return [
        a0, b0, b1, c0, c1, c2, d0, d1, d2, d3, e0, e1, e2, e3, e4, f0, f1, f2, f3, f4, f5, g0, g1, g2, g3, g4, g5, g6, h0, h1, h2,
        h3, h4, h5, h6, h7, i0, i1, i2, i3, i4, i5, i6, i7, i8, j0, j1, j2, j3, j4, j5, j6, j7, j8, j9, k0, k1, k2, k3, k4, k5, k6,
        k7, k8, k9, k10, l0, l1, l2, l3, l4, l5, l6, l7, l8, l9, l10, l11,
    ], (r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11), (p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11), [
        v0 + (q0 - v0) / 60.0 + 1e-6,
        v1 + (q1 - v1) / 60.0 + 1e-6,
        v2 + (q2 - v2) / 60.0 + 1e-6,
        v3 + (q3 - v3) / 60.0 + 1e-6,
        v4 + (q4 - v4) / 60.0 + 1e-6,
        v5 + (q5 - v5) / 60.0 + 1e-6,
        v6 + (q6 - v6) / 60.0 + 1e-6,
        v7 + (q7 - v7) / 60.0 + 1e-6,
        v8 + (q8 - v8) / 60.0 + 1e-6,
        v9 + (q9 - v9) / 60.0 + 1e-6,
        v10 + (q10 - v10) / 60.0 + 1e-6,
        v11 + (q11 - v11) / 60.0 + 1e-6,
    ]


def settle_12(a: list[float], push: Row, x: list[float], means: Rows, rows: Rows) -> Settled:
    (
        a0, b0, b1, c0, c1, c2, d0, d1, d2, d3, e0, e1, e2, e3, e4, f0, f1, f2, f3, f4, f5, g0, g1, g2, g3, g4, g5, g6, h0, h1, h2,
        h3, h4, h5, h6, h7, i0, i1, i2, i3, i4, i5, i6, i7, i8, j0, j1, j2, j3, j4, j5, j6, j7, j8, j9, k0, k1, k2, k3, k4, k5, k6,
        k7, k8, k9, k10, l0, l1, l2, l3, l4, l5, l6, l7, l8, l9, l10, l11,
    ) = a
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
    u0 = g0
    u1 = g1 - u0 * b0
    u2 = g2 - u0 * c0 - u1 * c1
    u3 = g3 - u0 * d0 - u1 * d1 - u2 * d2
    u4 = g4 - u0 * e0 - u1 * e1 - u2 * e2 - u3 * e3
    u5 = g5 - u0 * f0 - u1 * f1 - u2 * f2 - u3 * f3 - u4 * f4
    g0 = u0 * a0
    g1 = u1 * b1
    g2 = u2 * c2
    g3 = u3 * d3
    g4 = u4 * e4
    g5 = u5 * f5
    g6 = 1.0 / (g6 - u0 * g0 - u1 * g1 - u2 * g2 - u3 * g3 - u4 * g4 - u5 * g5)
    u0 = h0
    u1 = h1 - u0 * b0
    u2 = h2 - u0 * c0 - u1 * c1
    u3 = h3 - u0 * d0 - u1 * d1 - u2 * d2
    u4 = h4 - u0 * e0 - u1 * e1 - u2 * e2 - u3 * e3
    u5 = h5 - u0 * f0 - u1 * f1 - u2 * f2 - u3 * f3 - u4 * f4
    u6 = h6 - u0 * g0 - u1 * g1 - u2 * g2 - u3 * g3 - u4 * g4 - u5 * g5
    h0 = u0 * a0
    h1 = u1 * b1
    h2 = u2 * c2
    h3 = u3 * d3
    h4 = u4 * e4
    h5 = u5 * f5
    h6 = u6 * g6
    h7 = 1.0 / (h7 - u0 * h0 - u1 * h1 - u2 * h2 - u3 * h3 - u4 * h4 - u5 * h5 - u6 * h6)
    u0 = i0
    u1 = i1 - u0 * b0
    u2 = i2 - u0 * c0 - u1 * c1
    u3 = i3 - u0 * d0 - u1 * d1 - u2 * d2
    u4 = i4 - u0 * e0 - u1 * e1 - u2 * e2 - u3 * e3
    u5 = i5 - u0 * f0 - u1 * f1 - u2 * f2 - u3 * f3 - u4 * f4
    u6 = i6 - u0 * g0 - u1 * g1 - u2 * g2 - u3 * g3 - u4 * g4 - u5 * g5
    u7 = i7 - u0 * h0 - u1 * h1 - u2 * h2 - u3 * h3 - u4 * h4 - u5 * h5 - u6 * h6
    i0 = u0 * a0
    i1 = u1 * b1
    i2 = u2 * c2
    i3 = u3 * d3
    i4 = u4 * e4
    i5 = u5 * f5
    i6 = u6 * g6
    i7 = u7 * h7
    i8 = 1.0 / (i8 - u0 * i0 - u1 * i1 - u2 * i2 - u3 * i3 - u4 * i4 - u5 * i5 - u6 * i6 - u7 * i7)
    u0 = j0
    u1 = j1 - u0 * b0
    u2 = j2 - u0 * c0 - u1 * c1
    u3 = j3 - u0 * d0 - u1 * d1 - u2 * d2
    u4 = j4 - u0 * e0 - u1 * e1 - u2 * e2 - u3 * e3
    u5 = j5 - u0 * f0 - u1 * f1 - u2 * f2 - u3 * f3 - u4 * f4
    u6 = j6 - u0 * g0 - u1 * g1 - u2 * g2 - u3 * g3 - u4 * g4 - u5 * g5
    u7 = j7 - u0 * h0 - u1 * h1 - u2 * h2 - u3 * h3 - u4 * h4 - u5 * h5 - u6 * h6
    u8 = j8 - u0 * i0 - u1 * i1 - u2 * i2 - u3 * i3 - u4 * i4 - u5 * i5 - u6 * i6 - u7 * i7
    j0 = u0 * a0
    j1 = u1 * b1
    j2 = u2 * c2
    j3 = u3 * d3
    j4 = u4 * e4
    j5 = u5 * f5
    j6 = u6 * g6
    j7 = u7 * h7
    j8 = u8 * i8
    j9 = 1.0 / (j9 - u0 * j0 - u1 * j1 - u2 * j2 - u3 * j3 - u4 * j4 - u5 * j5 - u6 * j6 - u7 * j7 - u8 * j8)
    u0 = k0
    u1 = k1 - u0 * b0
    u2 = k2 - u0 * c0 - u1 * c1
    u3 = k3 - u0 * d0 - u1 * d1 - u2 * d2
    u4 = k4 - u0 * e0 - u1 * e1 - u2 * e2 - u3 * e3
    u5 = k5 - u0 * f0 - u1 * f1 - u2 * f2 - u3 * f3 - u4 * f4
    u6 = k6 - u0 * g0 - u1 * g1 - u2 * g2 - u3 * g3 - u4 * g4 - u5 * g5
    u7 = k7 - u0 * h0 - u1 * h1 - u2 * h2 - u3 * h3 - u4 * h4 - u5 * h5 - u6 * h6
    u8 = k8 - u0 * i0 - u1 * i1 - u2 * i2 - u3 * i3 - u4 * i4 - u5 * i5 - u6 * i6 - u7 * i7
    u9 = k9 - u0 * j0 - u1 * j1 - u2 * j2 - u3 * j3 - u4 * j4 - u5 * j5 - u6 * j6 - u7 * j7 - u8 * j8
    k0 = u0 * a0
    k1 = u1 * b1
    k2 = u2 * c2
    k3 = u3 * d3
    k4 = u4 * e4
    k5 = u5 * f5
    k6 = u6 * g6
    k7 = u7 * h7
    k8 = u8 * i8
    k9 = u9 * j9
    k10 = 1.0 / (k10 - u0 * k0 - u1 * k1 - u2 * k2 - u3 * k3 - u4 * k4 - u5 * k5 - u6 * k6 - u7 * k7 - u8 * k8 - u9 * k9)
    u0 = l0
    u1 = l1 - u0 * b0
    u2 = l2 - u0 * c0 - u1 * c1
    u3 = l3 - u0 * d0 - u1 * d1 - u2 * d2
    u4 = l4 - u0 * e0 - u1 * e1 - u2 * e2 - u3 * e3
    u5 = l5 - u0 * f0 - u1 * f1 - u2 * f2 - u3 * f3 - u4 * f4
    u6 = l6 - u0 * g0 - u1 * g1 - u2 * g2 - u3 * g3 - u4 * g4 - u5 * g5
    u7 = l7 - u0 * h0 - u1 * h1 - u2 * h2 - u3 * h3 - u4 * h4 - u5 * h5 - u6 * h6
    u8 = l8 - u0 * i0 - u1 * i1 - u2 * i2 - u3 * i3 - u4 * i4 - u5 * i5 - u6 * i6 - u7 * i7
    u9 = l9 - u0 * j0 - u1 * j1 - u2 * j2 - u3 * j3 - u4 * j4 - u5 * j5 - u6 * j6 - u7 * j7 - u8 * j8
    u10 = l10 - u0 * k0 - u1 * k1 - u2 * k2 - u3 * k3 - u4 * k4 - u5 * k5 - u6 * k6 - u7 * k7 - u8 * k8 - u9 * k9
    l0 = u0 * a0
    l1 = u1 * b1
    l2 = u2 * c2
    l3 = u3 * d3
    l4 = u4 * e4
    l5 = u5 * f5
    l6 = u6 * g6
    l7 = u7 * h7
    l8 = u8 * i8
    l9 = u9 * j9
    l10 = u10 * k10
    l11 = 1.0 / (l11 - u0 * l0 - u1 * l1 - u2 * l2 - u3 * l3 - u4 * l4 - u5 * l5 - u6 * l6 - u7 * l7 - u8 * l8 - u9 * l9 - u10 * l10)
    p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11 = tuple(push)
    x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11 = x
    y0 = x0
    y1 = x1 - b0 * y0
    y2 = x2 - c0 * y0 - c1 * y1
    y3 = x3 - d0 * y0 - d1 * y1 - d2 * y2
    y4 = x4 - e0 * y0 - e1 * y1 - e2 * y2 - e3 * y3
    y5 = x5 - f0 * y0 - f1 * y1 - f2 * y2 - f3 * y3 - f4 * y4
    y6 = x6 - g0 * y0 - g1 * y1 - g2 * y2 - g3 * y3 - g4 * y4 - g5 * y5
    y7 = x7 - h0 * y0 - h1 * y1 - h2 * y2 - h3 * y3 - h4 * y4 - h5 * y5 - h6 * y6
    y8 = x8 - i0 * y0 - i1 * y1 - i2 * y2 - i3 * y3 - i4 * y4 - i5 * y5 - i6 * y6 - i7 * y7
    y9 = x9 - j0 * y0 - j1 * y1 - j2 * y2 - j3 * y3 - j4 * y4 - j5 * y5 - j6 * y6 - j7 * y7 - j8 * y8
    y10 = x10 - k0 * y0 - k1 * y1 - k2 * y2 - k3 * y3 - k4 * y4 - k5 * y5 - k6 * y6 - k7 * y7 - k8 * y8 - k9 * y9
    y11 = x11 - l0 * y0 - l1 * y1 - l2 * y2 - l3 * y3 - l4 * y4 - l5 * y5 - l6 * y6 - l7 * y7 - l8 * y8 - l9 * y9 - l10 * y10
    z0 = y0 * a0
    z1 = y1 * b1
    z2 = y2 * c2
    z3 = y3 * d3
    z4 = y4 * e4
    z5 = y5 * f5
    z6 = y6 * g6
    z7 = y7 * h7
    z8 = y8 * i8
    z9 = y9 * j9
    z10 = y10 * k10
    z11 = y11 * l11
    doubt: float = y0 * z0 + y1 * z1 + y2 * z2 + y3 * z3 + y4 * z4 + y5 * z5 + y6 * z6 + y7 * z7 + y8 * z8 + y9 * z9 + y10 * z10 + y11 * z11
    y11 = z11
    y10 = z10 - l10 * y11
    y9 = z9 - l9 * y11 - k9 * y10
    y8 = z8 - l8 * y11 - k8 * y10 - j8 * y9
    y7 = z7 - l7 * y11 - k7 * y10 - j7 * y9 - i7 * y8
    y6 = z6 - l6 * y11 - k6 * y10 - j6 * y9 - i6 * y8 - h6 * y7
    y5 = z5 - l5 * y11 - k5 * y10 - j5 * y9 - i5 * y8 - h5 * y7 - g5 * y6
    y4 = z4 - l4 * y11 - k4 * y10 - j4 * y9 - i4 * y8 - h4 * y7 - g4 * y6 - f4 * y5
    y3 = z3 - l3 * y11 - k3 * y10 - j3 * y9 - i3 * y8 - h3 * y7 - g3 * y6 - f3 * y5 - e3 * y4
    y2 = z2 - l2 * y11 - k2 * y10 - j2 * y9 - i2 * y8 - h2 * y7 - g2 * y6 - f2 * y5 - e2 * y4 - d2 * y3
    y1 = z1 - l1 * y11 - k1 * y10 - j1 * y9 - i1 * y8 - h1 * y7 - g1 * y6 - f1 * y5 - e1 * y4 - d1 * y3 - c1 * y2
    y0 = z0 - l0 * y11 - k0 * y10 - j0 * y9 - i0 * y8 - h0 * y7 - g0 * y6 - f0 * y5 - e0 * y4 - d0 * y3 - c0 * y2 - b0 * y1
    direction = y0, y1, y2, y3, y4, y5, y6, y7, y8, y9, y10, y11
    drawn: list[Flat] = []
    expected: list[float] = []
    for mean, row in zip(means, rows):
        m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11 = tuple(mean)
        t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11 = tuple(row)
        y0 = p0 * (m0 - t0)
        y1 = p1 * (m1 - t1) - b0 * y0
        y2 = p2 * (m2 - t2) - c0 * y0 - c1 * y1
        y3 = p3 * (m3 - t3) - d0 * y0 - d1 * y1 - d2 * y2
        y4 = p4 * (m4 - t4) - e0 * y0 - e1 * y1 - e2 * y2 - e3 * y3
        y5 = p5 * (m5 - t5) - f0 * y0 - f1 * y1 - f2 * y2 - f3 * y3 - f4 * y4
        y6 = p6 * (m6 - t6) - g0 * y0 - g1 * y1 - g2 * y2 - g3 * y3 - g4 * y4 - g5 * y5
        y7 = p7 * (m7 - t7) - h0 * y0 - h1 * y1 - h2 * y2 - h3 * y3 - h4 * y4 - h5 * y5 - h6 * y6
        y8 = p8 * (m8 - t8) - i0 * y0 - i1 * y1 - i2 * y2 - i3 * y3 - i4 * y4 - i5 * y5 - i6 * y6 - i7 * y7
        y9 = p9 * (m9 - t9) - j0 * y0 - j1 * y1 - j2 * y2 - j3 * y3 - j4 * y4 - j5 * y5 - j6 * y6 - j7 * y7 - j8 * y8
        y10 = p10 * (m10 - t10) - k0 * y0 - k1 * y1 - k2 * y2 - k3 * y3 - k4 * y4 - k5 * y5 - k6 * y6 - k7 * y7 - k8 * y8 - k9 * y9
        y11 = p11 * (m11 - t11) - l0 * y0 - l1 * y1 - l2 * y2 - l3 * y3 - l4 * y4 - l5 * y5 - l6 * y6 - l7 * y7 - l8 * y8 - l9 * y9 - l10 * y10
        y11 = y11 * l11
        y10 = y10 * k10 - l10 * y11
        y9 = y9 * j9 - l9 * y11 - k9 * y10
        y8 = y8 * i8 - l8 * y11 - k8 * y10 - j8 * y9
        y7 = y7 * h7 - l7 * y11 - k7 * y10 - j7 * y9 - i7 * y8
        y6 = y6 * g6 - l6 * y11 - k6 * y10 - j6 * y9 - i6 * y8 - h6 * y7
        y5 = y5 * f5 - l5 * y11 - k5 * y10 - j5 * y9 - i5 * y8 - h5 * y7 - g5 * y6
        y4 = y4 * e4 - l4 * y11 - k4 * y10 - j4 * y9 - i4 * y8 - h4 * y7 - g4 * y6 - f4 * y5
        y3 = y3 * d3 - l3 * y11 - k3 * y10 - j3 * y9 - i3 * y8 - h3 * y7 - g3 * y6 - f3 * y5 - e3 * y4
        y2 = y2 * c2 - l2 * y11 - k2 * y10 - j2 * y9 - i2 * y8 - h2 * y7 - g2 * y6 - f2 * y5 - e2 * y4 - d2 * y3
        y1 = y1 * b1 - l1 * y11 - k1 * y10 - j1 * y9 - i1 * y8 - h1 * y7 - g1 * y6 - f1 * y5 - e1 * y4 - d1 * y3 - c1 * y2
        y0 = y0 * a0 - l0 * y11 - k0 * y10 - j0 * y9 - i0 * y8 - h0 * y7 - g0 * y6 - f0 * y5 - e0 * y4 - d0 * y3 - c0 * y2 - b0 * y1
        t0 += y0
        t1 += y1
        t2 += y2
        t3 += y3
        t4 += y4
        t5 += y5
        t6 += y6
        t7 += y7
        t8 += y8
        t9 += y9
        t10 += y10
        t11 += y11
        drawn.append((t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11))
        expected.append(x0 * t0 + x1 * t1 + x2 * t2 + x3 * t3 + x4 * t4 + x5 * t5 + x6 * t6 + x7 * t7 + x8 * t8 + x9 * t9 + x10 * t10 + x11 * t11)
    y4 = e3
    y5 = f3 - f4 * y4
    y6 = g3 - g4 * y4 - g5 * y5
    y7 = h3 - h4 * y4 - h5 * y5 - h6 * y6
    y8 = i3 - i4 * y4 - i5 * y5 - i6 * y6 - i7 * y7
    y9 = j3 - j4 * y4 - j5 * y5 - j6 * y6 - j7 * y7 - j8 * y8
    y10 = k3 - k4 * y4 - k5 * y5 - k6 * y6 - k7 * y7 - k8 * y8 - k9 * y9
    y11 = l3 - l4 * y4 - l5 * y5 - l6 * y6 - l7 * y7 - l8 * y8 - l9 * y9 - l10 * y10
    t3 = d3 + y4 * y4 * e4 + y5 * y5 * f5 + y6 * y6 * g6 + y7 * y7 * h7 + y8 * y8 * i8 + y9 * y9 * j9 + y10 * y10 * k10 + y11 * y11 * l11
    y5 = f4
    y6 = g4 - g5 * y5
    y7 = h4 - h5 * y5 - h6 * y6
    y8 = i4 - i5 * y5 - i6 * y6 - i7 * y7
    y9 = j4 - j5 * y5 - j6 * y6 - j7 * y7 - j8 * y8
    y10 = k4 - k5 * y5 - k6 * y6 - k7 * y7 - k8 * y8 - k9 * y9
    y11 = l4 - l5 * y5 - l6 * y6 - l7 * y7 - l8 * y8 - l9 * y9 - l10 * y10
    t4 = e4 + y5 * y5 * f5 + y6 * y6 * g6 + y7 * y7 * h7 + y8 * y8 * i8 + y9 * y9 * j9 + y10 * y10 * k10 + y11 * y11 * l11
    y6 = g5
    y7 = h5 - h6 * y6
    y8 = i5 - i6 * y6 - i7 * y7
    y9 = j5 - j6 * y6 - j7 * y7 - j8 * y8
    y10 = k5 - k6 * y6 - k7 * y7 - k8 * y8 - k9 * y9
    y11 = l5 - l6 * y6 - l7 * y7 - l8 * y8 - l9 * y9 - l10 * y10
    t5 = f5 + y6 * y6 * g6 + y7 * y7 * h7 + y8 * y8 * i8 + y9 * y9 * j9 + y10 * y10 * k10 + y11 * y11 * l11
    y7 = h6
    y8 = i6 - i7 * y7
    y9 = j6 - j7 * y7 - j8 * y8
    y10 = k6 - k7 * y7 - k8 * y8 - k9 * y9
    y11 = l6 - l7 * y7 - l8 * y8 - l9 * y9 - l10 * y10
    t6 = g6 + y7 * y7 * h7 + y8 * y8 * i8 + y9 * y9 * j9 + y10 * y10 * k10 + y11 * y11 * l11
    y8 = i7
    y9 = j7 - j8 * y8
    y10 = k7 - k8 * y8 - k9 * y9
    y11 = l7 - l8 * y8 - l9 * y9 - l10 * y10
    t7 = h7 + y8 * y8 * i8 + y9 * y9 * j9 + y10 * y10 * k10 + y11 * y11 * l11
    y9 = j8
    y10 = k8 - k9 * y9
    y11 = l8 - l9 * y9 - l10 * y10
    t8 = i8 + y9 * y9 * j9 + y10 * y10 * k10 + y11 * y11 * l11
    y10 = k9
    y11 = l9 - l10 * y10
    t9 = j9 + y10 * y10 * k10 + y11 * y11 * l11
    y11 = l10
    t10 = k10 + y11 * y11 * l11
    t11 = l11
    return doubt, direction, drawn, expected, (t3, t4, t5, t6, t7, t8, t9, t10, t11)


def square_12(memory: Row, x: list[float]) -> float:
    (
        a0, b0, b1, c0, c1, c2, d0, d1, d2, d3, e0, e1, e2, e3, e4, f0, f1, f2, f3, f4, f5, g0, g1, g2, g3, g4, g5, g6, h0, h1, h2,
        h3, h4, h5, h6, h7, i0, i1, i2, i3, i4, i5, i6, i7, i8, j0, j1, j2, j3, j4, j5, j6, j7, j8, j9, k0, k1, k2, k3, k4, k5, k6,
        k7, k8, k9, k10, l0, l1, l2, l3, l4, l5, l6, l7, l8, l9, l10, l11,
    ) = tuple(memory[:78])
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
    u0 = g0
    u1 = g1 - u0 * b0
    u2 = g2 - u0 * c0 - u1 * c1
    u3 = g3 - u0 * d0 - u1 * d1 - u2 * d2
    u4 = g4 - u0 * e0 - u1 * e1 - u2 * e2 - u3 * e3
    u5 = g5 - u0 * f0 - u1 * f1 - u2 * f2 - u3 * f3 - u4 * f4
    g0 = u0 * a0
    g1 = u1 * b1
    g2 = u2 * c2
    g3 = u3 * d3
    g4 = u4 * e4
    g5 = u5 * f5
    g6 = 1.0 / (g6 - u0 * g0 - u1 * g1 - u2 * g2 - u3 * g3 - u4 * g4 - u5 * g5)
    u0 = h0
    u1 = h1 - u0 * b0
    u2 = h2 - u0 * c0 - u1 * c1
    u3 = h3 - u0 * d0 - u1 * d1 - u2 * d2
    u4 = h4 - u0 * e0 - u1 * e1 - u2 * e2 - u3 * e3
    u5 = h5 - u0 * f0 - u1 * f1 - u2 * f2 - u3 * f3 - u4 * f4
    u6 = h6 - u0 * g0 - u1 * g1 - u2 * g2 - u3 * g3 - u4 * g4 - u5 * g5
    h0 = u0 * a0
    h1 = u1 * b1
    h2 = u2 * c2
    h3 = u3 * d3
    h4 = u4 * e4
    h5 = u5 * f5
    h6 = u6 * g6
    h7 = 1.0 / (h7 - u0 * h0 - u1 * h1 - u2 * h2 - u3 * h3 - u4 * h4 - u5 * h5 - u6 * h6)
    u0 = i0
    u1 = i1 - u0 * b0
    u2 = i2 - u0 * c0 - u1 * c1
    u3 = i3 - u0 * d0 - u1 * d1 - u2 * d2
    u4 = i4 - u0 * e0 - u1 * e1 - u2 * e2 - u3 * e3
    u5 = i5 - u0 * f0 - u1 * f1 - u2 * f2 - u3 * f3 - u4 * f4
    u6 = i6 - u0 * g0 - u1 * g1 - u2 * g2 - u3 * g3 - u4 * g4 - u5 * g5
    u7 = i7 - u0 * h0 - u1 * h1 - u2 * h2 - u3 * h3 - u4 * h4 - u5 * h5 - u6 * h6
    i0 = u0 * a0
    i1 = u1 * b1
    i2 = u2 * c2
    i3 = u3 * d3
    i4 = u4 * e4
    i5 = u5 * f5
    i6 = u6 * g6
    i7 = u7 * h7
    i8 = 1.0 / (i8 - u0 * i0 - u1 * i1 - u2 * i2 - u3 * i3 - u4 * i4 - u5 * i5 - u6 * i6 - u7 * i7)
    u0 = j0
    u1 = j1 - u0 * b0
    u2 = j2 - u0 * c0 - u1 * c1
    u3 = j3 - u0 * d0 - u1 * d1 - u2 * d2
    u4 = j4 - u0 * e0 - u1 * e1 - u2 * e2 - u3 * e3
    u5 = j5 - u0 * f0 - u1 * f1 - u2 * f2 - u3 * f3 - u4 * f4
    u6 = j6 - u0 * g0 - u1 * g1 - u2 * g2 - u3 * g3 - u4 * g4 - u5 * g5
    u7 = j7 - u0 * h0 - u1 * h1 - u2 * h2 - u3 * h3 - u4 * h4 - u5 * h5 - u6 * h6
    u8 = j8 - u0 * i0 - u1 * i1 - u2 * i2 - u3 * i3 - u4 * i4 - u5 * i5 - u6 * i6 - u7 * i7
    j0 = u0 * a0
    j1 = u1 * b1
    j2 = u2 * c2
    j3 = u3 * d3
    j4 = u4 * e4
    j5 = u5 * f5
    j6 = u6 * g6
    j7 = u7 * h7
    j8 = u8 * i8
    j9 = 1.0 / (j9 - u0 * j0 - u1 * j1 - u2 * j2 - u3 * j3 - u4 * j4 - u5 * j5 - u6 * j6 - u7 * j7 - u8 * j8)
    u0 = k0
    u1 = k1 - u0 * b0
    u2 = k2 - u0 * c0 - u1 * c1
    u3 = k3 - u0 * d0 - u1 * d1 - u2 * d2
    u4 = k4 - u0 * e0 - u1 * e1 - u2 * e2 - u3 * e3
    u5 = k5 - u0 * f0 - u1 * f1 - u2 * f2 - u3 * f3 - u4 * f4
    u6 = k6 - u0 * g0 - u1 * g1 - u2 * g2 - u3 * g3 - u4 * g4 - u5 * g5
    u7 = k7 - u0 * h0 - u1 * h1 - u2 * h2 - u3 * h3 - u4 * h4 - u5 * h5 - u6 * h6
    u8 = k8 - u0 * i0 - u1 * i1 - u2 * i2 - u3 * i3 - u4 * i4 - u5 * i5 - u6 * i6 - u7 * i7
    u9 = k9 - u0 * j0 - u1 * j1 - u2 * j2 - u3 * j3 - u4 * j4 - u5 * j5 - u6 * j6 - u7 * j7 - u8 * j8
    k0 = u0 * a0
    k1 = u1 * b1
    k2 = u2 * c2
    k3 = u3 * d3
    k4 = u4 * e4
    k5 = u5 * f5
    k6 = u6 * g6
    k7 = u7 * h7
    k8 = u8 * i8
    k9 = u9 * j9
    k10 = 1.0 / (k10 - u0 * k0 - u1 * k1 - u2 * k2 - u3 * k3 - u4 * k4 - u5 * k5 - u6 * k6 - u7 * k7 - u8 * k8 - u9 * k9)
    u0 = l0
    u1 = l1 - u0 * b0
    u2 = l2 - u0 * c0 - u1 * c1
    u3 = l3 - u0 * d0 - u1 * d1 - u2 * d2
    u4 = l4 - u0 * e0 - u1 * e1 - u2 * e2 - u3 * e3
    u5 = l5 - u0 * f0 - u1 * f1 - u2 * f2 - u3 * f3 - u4 * f4
    u6 = l6 - u0 * g0 - u1 * g1 - u2 * g2 - u3 * g3 - u4 * g4 - u5 * g5
    u7 = l7 - u0 * h0 - u1 * h1 - u2 * h2 - u3 * h3 - u4 * h4 - u5 * h5 - u6 * h6
    u8 = l8 - u0 * i0 - u1 * i1 - u2 * i2 - u3 * i3 - u4 * i4 - u5 * i5 - u6 * i6 - u7 * i7
    u9 = l9 - u0 * j0 - u1 * j1 - u2 * j2 - u3 * j3 - u4 * j4 - u5 * j5 - u6 * j6 - u7 * j7 - u8 * j8
    u10 = l10 - u0 * k0 - u1 * k1 - u2 * k2 - u3 * k3 - u4 * k4 - u5 * k5 - u6 * k6 - u7 * k7 - u8 * k8 - u9 * k9
    l0 = u0 * a0
    l1 = u1 * b1
    l2 = u2 * c2
    l3 = u3 * d3
    l4 = u4 * e4
    l5 = u5 * f5
    l6 = u6 * g6
    l7 = u7 * h7
    l8 = u8 * i8
    l9 = u9 * j9
    l10 = u10 * k10
    l11 = 1.0 / (l11 - u0 * l0 - u1 * l1 - u2 * l2 - u3 * l3 - u4 * l4 - u5 * l5 - u6 * l6 - u7 * l7 - u8 * l8 - u9 * l9 - u10 * l10)
    x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11 = x
    y0 = x0
    y1 = x1 - b0 * y0
    y2 = x2 - c0 * y0 - c1 * y1
    y3 = x3 - d0 * y0 - d1 * y1 - d2 * y2
    y4 = x4 - e0 * y0 - e1 * y1 - e2 * y2 - e3 * y3
    y5 = x5 - f0 * y0 - f1 * y1 - f2 * y2 - f3 * y3 - f4 * y4
    y6 = x6 - g0 * y0 - g1 * y1 - g2 * y2 - g3 * y3 - g4 * y4 - g5 * y5
    y7 = x7 - h0 * y0 - h1 * y1 - h2 * y2 - h3 * y3 - h4 * y4 - h5 * y5 - h6 * y6
    y8 = x8 - i0 * y0 - i1 * y1 - i2 * y2 - i3 * y3 - i4 * y4 - i5 * y5 - i6 * y6 - i7 * y7
    y9 = x9 - j0 * y0 - j1 * y1 - j2 * y2 - j3 * y3 - j4 * y4 - j5 * y5 - j6 * y6 - j7 * y7 - j8 * y8
    y10 = x10 - k0 * y0 - k1 * y1 - k2 * y2 - k3 * y3 - k4 * y4 - k5 * y5 - k6 * y6 - k7 * y7 - k8 * y8 - k9 * y9
    y11 = x11 - l0 * y0 - l1 * y1 - l2 * y2 - l3 * y3 - l4 * y4 - l5 * y5 - l6 * y6 - l7 * y7 - l8 * y8 - l9 * y9 - l10 * y10
    doubt: float = y0 * y0 * a0 + y1 * y1 * b1 + y2 * y2 * c2 + y3 * y3 * d3 + y4 * y4 * e4 + y5 * y5 * f5 + y6 * y6 * g6 + y7 * y7 * h7 + y8 * y8 * i8 + y9 * y9 * j9 + y10 * y10 * k10 + y11 * y11 * l11
    return doubt


def shift_12(rows: Rows, direction: Row, pushes: Row) -> list[list[float]]:
    g0, g1, g2, g3, g4, g5, g6, g7, g8, g9, g10, g11 = tuple(direction)
    moved: list[list[float]] = []
    for row, push in zip(rows, pushes):
        t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11 = tuple(row)
        moved.append([
            ((t0 + push * g0) * 1e6 + 6755399441055744.0 - 6755399441055744.0) / 1e6,
            ((t1 + push * g1) * 1e6 + 6755399441055744.0 - 6755399441055744.0) / 1e6,
            ((t2 + push * g2) * 1e6 + 6755399441055744.0 - 6755399441055744.0) / 1e6,
            ((t3 + push * g3) * 1e6 + 6755399441055744.0 - 6755399441055744.0) / 1e6,
            ((t4 + push * g4) * 1e6 + 6755399441055744.0 - 6755399441055744.0) / 1e6,
            ((t5 + push * g5) * 1e6 + 6755399441055744.0 - 6755399441055744.0) / 1e6,
            ((t6 + push * g6) * 1e6 + 6755399441055744.0 - 6755399441055744.0) / 1e6,
            ((t7 + push * g7) * 1e6 + 6755399441055744.0 - 6755399441055744.0) / 1e6,
            ((t8 + push * g8) * 1e6 + 6755399441055744.0 - 6755399441055744.0) / 1e6,
            ((t9 + push * g9) * 1e6 + 6755399441055744.0 - 6755399441055744.0) / 1e6,
            ((t10 + push * g10) * 1e6 + 6755399441055744.0 - 6755399441055744.0) / 1e6,
            ((t11 + push * g11) * 1e6 + 6755399441055744.0 - 6755399441055744.0) / 1e6,
        ])
    return moved


def tail_12(variances: Row, direction: Row, share: float) -> list[float]:
    s3, s4, s5, s6, s7, s8, s9, s10, s11 = tuple(variances)
    _, _, _, g3, g4, g5, g6, g7, g8, g9, g10, g11 = tuple(direction)
    return [
        s3 - share * g3 * g3,
        s4 - share * g4 * g4,
        s5 - share * g5 * g5,
        s6 - share * g6 * g6,
        s7 - share * g7 * g7,
        s8 - share * g8 * g8,
        s9 - share * g9 * g9,
        s10 - share * g10 * g10,
        s11 - share * g11 * g11,
    ]


def grow_12(a: list[float], x: list[float], gain: float) -> list[float]:
    (
        a0, b0, b1, c0, c1, c2, d0, d1, d2, d3, e0, e1, e2, e3, e4, f0, f1, f2, f3, f4, f5, g0, g1, g2, g3, g4, g5, g6, h0, h1, h2,
        h3, h4, h5, h6, h7, i0, i1, i2, i3, i4, i5, i6, i7, i8, j0, j1, j2, j3, j4, j5, j6, j7, j8, j9, k0, k1, k2, k3, k4, k5, k6,
        k7, k8, k9, k10, l0, l1, l2, l3, l4, l5, l6, l7, l8, l9, l10, l11,
    ) = a
    x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11 = x
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
    p = gain * x6
    g0 += p * x0
    g1 += p * x1
    g2 += p * x2
    g3 += p * x3
    g4 += p * x4
    g5 += p * x5
    g6 += p * x6
    p = gain * x7
    h0 += p * x0
    h1 += p * x1
    h2 += p * x2
    h3 += p * x3
    h4 += p * x4
    h5 += p * x5
    h6 += p * x6
    h7 += p * x7
    p = gain * x8
    i0 += p * x0
    i1 += p * x1
    i2 += p * x2
    i3 += p * x3
    i4 += p * x4
    i5 += p * x5
    i6 += p * x6
    i7 += p * x7
    i8 += p * x8
    p = gain * x9
    j0 += p * x0
    j1 += p * x1
    j2 += p * x2
    j3 += p * x3
    j4 += p * x4
    j5 += p * x5
    j6 += p * x6
    j7 += p * x7
    j8 += p * x8
    j9 += p * x9
    p = gain * x10
    k0 += p * x0
    k1 += p * x1
    k2 += p * x2
    k3 += p * x3
    k4 += p * x4
    k5 += p * x5
    k6 += p * x6
    k7 += p * x7
    k8 += p * x8
    k9 += p * x9
    k10 += p * x10
    p = gain * x11
    l0 += p * x0
    l1 += p * x1
    l2 += p * x2
    l3 += p * x3
    l4 += p * x4
    l5 += p * x5
    l6 += p * x6
    l7 += p * x7
    l8 += p * x8
    l9 += p * x9
    l10 += p * x10
    l11 += p * x11
    return [
        a0, b0, b1, c0, c1, c2, d0, d1, d2, d3, e0, e1, e2, e3, e4, f0, f1, f2, f3, f4, f5, g0, g1, g2, g3, g4, g5, g6, h0, h1, h2,
        h3, h4, h5, h6, h7, i0, i1, i2, i3, i4, i5, i6, i7, i8, j0, j1, j2, j3, j4, j5, j6, j7, j8, j9, k0, k1, k2, k3, k4, k5, k6,
        k7, k8, k9, k10, l0, l1, l2, l3, l4, l5, l6, l7, l8, l9, l10, l11,
    ]


KERNEL: Kernel = Kernel(fade_12, settle_12, square_12, shift_12, tail_12, grow_12)
