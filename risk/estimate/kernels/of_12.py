"""Cholesky kernels of size 12, written by bench/unroll.py: change that and run it, never this."""

# ruff: noqa: E501, PLR0915
# fmt: off

from risk.estimate.kernels.kernel import Flat, Kernel, Row


def factor_12(a: Row) -> Flat:
    (
        a0, b0, b1, c0, c1, c2, d0, d1, d2, d3, e0, e1, e2, e3, e4, f0, f1, f2, f3, f4, f5, g0, g1, g2, g3, g4, g5, g6, h0, h1, h2,
        h3, h4, h5, h6, h7, i0, i1, i2, i3, i4, i5, i6, i7, i8, j0, j1, j2, j3, j4, j5, j6, j7, j8, j9, k0, k1, k2, k3, k4, k5, k6,
        k7, k8, k9, k10, l0, l1, l2, l3, l4, l5, l6, l7, l8, l9, l10, l11,
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
    i0 = i0 * a0
    i1 = (i1 - i0 * b0) * b1
    i2 = (i2 - i0 * c0 - i1 * c1) * c2
    i3 = (i3 - i0 * d0 - i1 * d1 - i2 * d2) * d3
    i4 = (i4 - i0 * e0 - i1 * e1 - i2 * e2 - i3 * e3) * e4
    i5 = (i5 - i0 * f0 - i1 * f1 - i2 * f2 - i3 * f3 - i4 * f4) * f5
    i6 = (i6 - i0 * g0 - i1 * g1 - i2 * g2 - i3 * g3 - i4 * g4 - i5 * g5) * g6
    i7 = (i7 - i0 * h0 - i1 * h1 - i2 * h2 - i3 * h3 - i4 * h4 - i5 * h5 - i6 * h6) * h7
    i8 = 1.0 / (i8 - i0 * i0 - i1 * i1 - i2 * i2 - i3 * i3 - i4 * i4 - i5 * i5 - i6 * i6 - i7 * i7) ** 0.5
    j0 = j0 * a0
    j1 = (j1 - j0 * b0) * b1
    j2 = (j2 - j0 * c0 - j1 * c1) * c2
    j3 = (j3 - j0 * d0 - j1 * d1 - j2 * d2) * d3
    j4 = (j4 - j0 * e0 - j1 * e1 - j2 * e2 - j3 * e3) * e4
    j5 = (j5 - j0 * f0 - j1 * f1 - j2 * f2 - j3 * f3 - j4 * f4) * f5
    j6 = (j6 - j0 * g0 - j1 * g1 - j2 * g2 - j3 * g3 - j4 * g4 - j5 * g5) * g6
    j7 = (j7 - j0 * h0 - j1 * h1 - j2 * h2 - j3 * h3 - j4 * h4 - j5 * h5 - j6 * h6) * h7
    j8 = (j8 - j0 * i0 - j1 * i1 - j2 * i2 - j3 * i3 - j4 * i4 - j5 * i5 - j6 * i6 - j7 * i7) * i8
    j9 = 1.0 / (j9 - j0 * j0 - j1 * j1 - j2 * j2 - j3 * j3 - j4 * j4 - j5 * j5 - j6 * j6 - j7 * j7 - j8 * j8) ** 0.5
    k0 = k0 * a0
    k1 = (k1 - k0 * b0) * b1
    k2 = (k2 - k0 * c0 - k1 * c1) * c2
    k3 = (k3 - k0 * d0 - k1 * d1 - k2 * d2) * d3
    k4 = (k4 - k0 * e0 - k1 * e1 - k2 * e2 - k3 * e3) * e4
    k5 = (k5 - k0 * f0 - k1 * f1 - k2 * f2 - k3 * f3 - k4 * f4) * f5
    k6 = (k6 - k0 * g0 - k1 * g1 - k2 * g2 - k3 * g3 - k4 * g4 - k5 * g5) * g6
    k7 = (k7 - k0 * h0 - k1 * h1 - k2 * h2 - k3 * h3 - k4 * h4 - k5 * h5 - k6 * h6) * h7
    k8 = (k8 - k0 * i0 - k1 * i1 - k2 * i2 - k3 * i3 - k4 * i4 - k5 * i5 - k6 * i6 - k7 * i7) * i8
    k9 = (k9 - k0 * j0 - k1 * j1 - k2 * j2 - k3 * j3 - k4 * j4 - k5 * j5 - k6 * j6 - k7 * j7 - k8 * j8) * j9
    k10 = 1.0 / (k10 - k0 * k0 - k1 * k1 - k2 * k2 - k3 * k3 - k4 * k4 - k5 * k5 - k6 * k6 - k7 * k7 - k8 * k8 - k9 * k9) ** 0.5
    l0 = l0 * a0
    l1 = (l1 - l0 * b0) * b1
    l2 = (l2 - l0 * c0 - l1 * c1) * c2
    l3 = (l3 - l0 * d0 - l1 * d1 - l2 * d2) * d3
    l4 = (l4 - l0 * e0 - l1 * e1 - l2 * e2 - l3 * e3) * e4
    l5 = (l5 - l0 * f0 - l1 * f1 - l2 * f2 - l3 * f3 - l4 * f4) * f5
    l6 = (l6 - l0 * g0 - l1 * g1 - l2 * g2 - l3 * g3 - l4 * g4 - l5 * g5) * g6
    l7 = (l7 - l0 * h0 - l1 * h1 - l2 * h2 - l3 * h3 - l4 * h4 - l5 * h5 - l6 * h6) * h7
    l8 = (l8 - l0 * i0 - l1 * i1 - l2 * i2 - l3 * i3 - l4 * i4 - l5 * i5 - l6 * i6 - l7 * i7) * i8
    l9 = (l9 - l0 * j0 - l1 * j1 - l2 * j2 - l3 * j3 - l4 * j4 - l5 * j5 - l6 * j6 - l7 * j7 - l8 * j8) * j9
    l10 = (l10 - l0 * k0 - l1 * k1 - l2 * k2 - l3 * k3 - l4 * k4 - l5 * k5 - l6 * k6 - l7 * k7 - l8 * k8 - l9 * k9) * k10
    l11 = 1.0 / (l11 - l0 * l0 - l1 * l1 - l2 * l2 - l3 * l3 - l4 * l4 - l5 * l5 - l6 * l6 - l7 * l7 - l8 * l8 - l9 * l9 - l10 * l10) ** 0.5
    return (
        a0, b0, b1, c0, c1, c2, d0, d1, d2, d3, e0, e1, e2, e3, e4, f0, f1, f2, f3, f4, f5, g0, g1, g2, g3, g4, g5, g6, h0, h1, h2,
        h3, h4, h5, h6, h7, i0, i1, i2, i3, i4, i5, i6, i7, i8, j0, j1, j2, j3, j4, j5, j6, j7, j8, j9, k0, k1, k2, k3, k4, k5, k6,
        k7, k8, k9, k10, l0, l1, l2, l3, l4, l5, l6, l7, l8, l9, l10, l11,
    )


def forward_12(factor: Flat, right: Row) -> Flat:
    (
        a0, b0, b1, c0, c1, c2, d0, d1, d2, d3, e0, e1, e2, e3, e4, f0, f1, f2, f3, f4, f5, g0, g1, g2, g3, g4, g5, g6, h0, h1, h2,
        h3, h4, h5, h6, h7, i0, i1, i2, i3, i4, i5, i6, i7, i8, j0, j1, j2, j3, j4, j5, j6, j7, j8, j9, k0, k1, k2, k3, k4, k5, k6,
        k7, k8, k9, k10, l0, l1, l2, l3, l4, l5, l6, l7, l8, l9, l10, l11,
    ) = factor
    y0, y1, y2, y3, y4, y5, y6, y7, y8, y9, y10, y11 = right
    y0 = y0 * a0
    y1 = (y1 - b0 * y0) * b1
    y2 = (y2 - c0 * y0 - c1 * y1) * c2
    y3 = (y3 - d0 * y0 - d1 * y1 - d2 * y2) * d3
    y4 = (y4 - e0 * y0 - e1 * y1 - e2 * y2 - e3 * y3) * e4
    y5 = (y5 - f0 * y0 - f1 * y1 - f2 * y2 - f3 * y3 - f4 * y4) * f5
    y6 = (y6 - g0 * y0 - g1 * y1 - g2 * y2 - g3 * y3 - g4 * y4 - g5 * y5) * g6
    y7 = (y7 - h0 * y0 - h1 * y1 - h2 * y2 - h3 * y3 - h4 * y4 - h5 * y5 - h6 * y6) * h7
    y8 = (y8 - i0 * y0 - i1 * y1 - i2 * y2 - i3 * y3 - i4 * y4 - i5 * y5 - i6 * y6 - i7 * y7) * i8
    y9 = (y9 - j0 * y0 - j1 * y1 - j2 * y2 - j3 * y3 - j4 * y4 - j5 * y5 - j6 * y6 - j7 * y7 - j8 * y8) * j9
    y10 = (y10 - k0 * y0 - k1 * y1 - k2 * y2 - k3 * y3 - k4 * y4 - k5 * y5 - k6 * y6 - k7 * y7 - k8 * y8 - k9 * y9) * k10
    y11 = (y11 - l0 * y0 - l1 * y1 - l2 * y2 - l3 * y3 - l4 * y4 - l5 * y5 - l6 * y6 - l7 * y7 - l8 * y8 - l9 * y9 - l10 * y10) * l11
    return y0, y1, y2, y3, y4, y5, y6, y7, y8, y9, y10, y11


def pull_12(factor: Flat, push: Row, means: Row, theta: Row) -> Flat:
    (
        a0, b0, b1, c0, c1, c2, d0, d1, d2, d3, e0, e1, e2, e3, e4, f0, f1, f2, f3, f4, f5, g0, g1, g2, g3, g4, g5, g6, h0, h1, h2,
        h3, h4, h5, h6, h7, i0, i1, i2, i3, i4, i5, i6, i7, i8, j0, j1, j2, j3, j4, j5, j6, j7, j8, j9, k0, k1, k2, k3, k4, k5, k6,
        k7, k8, k9, k10, l0, l1, l2, l3, l4, l5, l6, l7, l8, l9, l10, l11,
    ) = factor
    p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11 = push
    m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11 = means
    t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11 = theta
    y0 = p0 * (m0 - t0) * a0
    y1 = (p1 * (m1 - t1) - b0 * y0) * b1
    y2 = (p2 * (m2 - t2) - c0 * y0 - c1 * y1) * c2
    y3 = (p3 * (m3 - t3) - d0 * y0 - d1 * y1 - d2 * y2) * d3
    y4 = (p4 * (m4 - t4) - e0 * y0 - e1 * y1 - e2 * y2 - e3 * y3) * e4
    y5 = (p5 * (m5 - t5) - f0 * y0 - f1 * y1 - f2 * y2 - f3 * y3 - f4 * y4) * f5
    y6 = (p6 * (m6 - t6) - g0 * y0 - g1 * y1 - g2 * y2 - g3 * y3 - g4 * y4 - g5 * y5) * g6
    y7 = (p7 * (m7 - t7) - h0 * y0 - h1 * y1 - h2 * y2 - h3 * y3 - h4 * y4 - h5 * y5 - h6 * y6) * h7
    y8 = (p8 * (m8 - t8) - i0 * y0 - i1 * y1 - i2 * y2 - i3 * y3 - i4 * y4 - i5 * y5 - i6 * y6 - i7 * y7) * i8
    y9 = (p9 * (m9 - t9) - j0 * y0 - j1 * y1 - j2 * y2 - j3 * y3 - j4 * y4 - j5 * y5 - j6 * y6 - j7 * y7 - j8 * y8) * j9
    y10 = (p10 * (m10 - t10) - k0 * y0 - k1 * y1 - k2 * y2 - k3 * y3 - k4 * y4 - k5 * y5 - k6 * y6 - k7 * y7 - k8 * y8 - k9 * y9) * k10
    y11 = (p11 * (m11 - t11) - l0 * y0 - l1 * y1 - l2 * y2 - l3 * y3 - l4 * y4 - l5 * y5 - l6 * y6 - l7 * y7 - l8 * y8 - l9 * y9 - l10 * y10) * l11
    return y0, y1, y2, y3, y4, y5, y6, y7, y8, y9, y10, y11


def move_12(factor: Flat, roots: Row, theta: Row, shift: Row, whitened: Row, push: float) -> list[float]:
    (
        a0, b0, b1, c0, c1, c2, d0, d1, d2, d3, e0, e1, e2, e3, e4, f0, f1, f2, f3, f4, f5, g0, g1, g2, g3, g4, g5, g6, h0, h1, h2,
        h3, h4, h5, h6, h7, i0, i1, i2, i3, i4, i5, i6, i7, i8, j0, j1, j2, j3, j4, j5, j6, j7, j8, j9, k0, k1, k2, k3, k4, k5, k6,
        k7, k8, k9, k10, l0, l1, l2, l3, l4, l5, l6, l7, l8, l9, l10, l11,
    ) = factor
    r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11 = roots
    t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11 = theta
    s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11 = shift
    w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, w11 = whitened
    y11 = (s11 + push * w11) * l11
    y10 = (s10 + push * w10 - l10 * y11) * k10
    y9 = (s9 + push * w9 - l9 * y11 - k9 * y10) * j9
    y8 = (s8 + push * w8 - l8 * y11 - k8 * y10 - j8 * y9) * i8
    y7 = (s7 + push * w7 - l7 * y11 - k7 * y10 - j7 * y9 - i7 * y8) * h7
    y6 = (s6 + push * w6 - l6 * y11 - k6 * y10 - j6 * y9 - i6 * y8 - h6 * y7) * g6
    y5 = (s5 + push * w5 - l5 * y11 - k5 * y10 - j5 * y9 - i5 * y8 - h5 * y7 - g5 * y6) * f5
    y4 = (s4 + push * w4 - l4 * y11 - k4 * y10 - j4 * y9 - i4 * y8 - h4 * y7 - g4 * y6 - f4 * y5) * e4
    y3 = (s3 + push * w3 - l3 * y11 - k3 * y10 - j3 * y9 - i3 * y8 - h3 * y7 - g3 * y6 - f3 * y5 - e3 * y4) * d3
    y2 = (s2 + push * w2 - l2 * y11 - k2 * y10 - j2 * y9 - i2 * y8 - h2 * y7 - g2 * y6 - f2 * y5 - e2 * y4 - d2 * y3) * c2
    y1 = (s1 + push * w1 - l1 * y11 - k1 * y10 - j1 * y9 - i1 * y8 - h1 * y7 - g1 * y6 - f1 * y5 - e1 * y4 - d1 * y3 - c1 * y2) * b1
    y0 = (s0 + push * w0 - l0 * y11 - k0 * y10 - j0 * y9 - i0 * y8 - h0 * y7 - g0 * y6 - f0 * y5 - e0 * y4 - d0 * y3 - c0 * y2 - b0 * y1) * a0
    return [
        ((t0 + y0 / r0) * 1e7 + 0.5) // 1 / 1e7,
        ((t1 + y1 / r1) * 1e7 + 0.5) // 1 / 1e7,
        ((t2 + y2 / r2) * 1e7 + 0.5) // 1 / 1e7,
        ((t3 + y3 / r3) * 1e7 + 0.5) // 1 / 1e7,
        ((t4 + y4 / r4) * 1e7 + 0.5) // 1 / 1e7,
        ((t5 + y5 / r5) * 1e7 + 0.5) // 1 / 1e7,
        ((t6 + y6 / r6) * 1e7 + 0.5) // 1 / 1e7,
        ((t7 + y7 / r7) * 1e7 + 0.5) // 1 / 1e7,
        ((t8 + y8 / r8) * 1e7 + 0.5) // 1 / 1e7,
        ((t9 + y9 / r9) * 1e7 + 0.5) // 1 / 1e7,
        ((t10 + y10 / r10) * 1e7 + 0.5) // 1 / 1e7,
        ((t11 + y11 / r11) * 1e7 + 0.5) // 1 / 1e7,
    ]


def tail_12(factor: Flat, right: Row) -> Flat:
    (
        _, _, _, _, _, _, _, _, _, d3, _, _, _, e3, e4, _, _, _, f3, f4, f5, _, _, _, g3, g4, g5, g6, _, _, _, h3, h4, h5, h6, h7,
        _, _, _, i3, i4, i5, i6, i7, i8, _, _, _, j3, j4, j5, j6, j7, j8, j9, _, _, _, k3, k4, k5, k6, k7, k8, k9, k10, _, _, _, l3,
        l4, l5, l6, l7, l8, l9, l10, l11,
    ) = factor
    _, _, _, y3, y4, y5, y6, y7, y8, y9, y10, y11 = right
    m4 = -(e3 * d3) * e4
    m5 = -(f3 * d3 + f4 * m4) * f5
    m6 = -(g3 * d3 + g4 * m4 + g5 * m5) * g6
    m7 = -(h3 * d3 + h4 * m4 + h5 * m5 + h6 * m6) * h7
    m8 = -(i3 * d3 + i4 * m4 + i5 * m5 + i6 * m6 + i7 * m7) * i8
    m9 = -(j3 * d3 + j4 * m4 + j5 * m5 + j6 * m6 + j7 * m7 + j8 * m8) * j9
    m10 = -(k3 * d3 + k4 * m4 + k5 * m5 + k6 * m6 + k7 * m7 + k8 * m8 + k9 * m9) * k10
    m11 = -(l3 * d3 + l4 * m4 + l5 * m5 + l6 * m6 + l7 * m7 + l8 * m8 + l9 * m9 + l10 * m10) * l11
    s3 = d3 * d3 + m4 * m4 + m5 * m5 + m6 * m6 + m7 * m7 + m8 * m8 + m9 * m9 + m10 * m10 + m11 * m11
    t3 = d3 * y3 + m4 * y4 + m5 * y5 + m6 * y6 + m7 * y7 + m8 * y8 + m9 * y9 + m10 * y10 + m11 * y11
    m5 = -(f4 * e4) * f5
    m6 = -(g4 * e4 + g5 * m5) * g6
    m7 = -(h4 * e4 + h5 * m5 + h6 * m6) * h7
    m8 = -(i4 * e4 + i5 * m5 + i6 * m6 + i7 * m7) * i8
    m9 = -(j4 * e4 + j5 * m5 + j6 * m6 + j7 * m7 + j8 * m8) * j9
    m10 = -(k4 * e4 + k5 * m5 + k6 * m6 + k7 * m7 + k8 * m8 + k9 * m9) * k10
    m11 = -(l4 * e4 + l5 * m5 + l6 * m6 + l7 * m7 + l8 * m8 + l9 * m9 + l10 * m10) * l11
    s4 = e4 * e4 + m5 * m5 + m6 * m6 + m7 * m7 + m8 * m8 + m9 * m9 + m10 * m10 + m11 * m11
    t4 = e4 * y4 + m5 * y5 + m6 * y6 + m7 * y7 + m8 * y8 + m9 * y9 + m10 * y10 + m11 * y11
    m6 = -(g5 * f5) * g6
    m7 = -(h5 * f5 + h6 * m6) * h7
    m8 = -(i5 * f5 + i6 * m6 + i7 * m7) * i8
    m9 = -(j5 * f5 + j6 * m6 + j7 * m7 + j8 * m8) * j9
    m10 = -(k5 * f5 + k6 * m6 + k7 * m7 + k8 * m8 + k9 * m9) * k10
    m11 = -(l5 * f5 + l6 * m6 + l7 * m7 + l8 * m8 + l9 * m9 + l10 * m10) * l11
    s5 = f5 * f5 + m6 * m6 + m7 * m7 + m8 * m8 + m9 * m9 + m10 * m10 + m11 * m11
    t5 = f5 * y5 + m6 * y6 + m7 * y7 + m8 * y8 + m9 * y9 + m10 * y10 + m11 * y11
    m7 = -(h6 * g6) * h7
    m8 = -(i6 * g6 + i7 * m7) * i8
    m9 = -(j6 * g6 + j7 * m7 + j8 * m8) * j9
    m10 = -(k6 * g6 + k7 * m7 + k8 * m8 + k9 * m9) * k10
    m11 = -(l6 * g6 + l7 * m7 + l8 * m8 + l9 * m9 + l10 * m10) * l11
    s6 = g6 * g6 + m7 * m7 + m8 * m8 + m9 * m9 + m10 * m10 + m11 * m11
    t6 = g6 * y6 + m7 * y7 + m8 * y8 + m9 * y9 + m10 * y10 + m11 * y11
    m8 = -(i7 * h7) * i8
    m9 = -(j7 * h7 + j8 * m8) * j9
    m10 = -(k7 * h7 + k8 * m8 + k9 * m9) * k10
    m11 = -(l7 * h7 + l8 * m8 + l9 * m9 + l10 * m10) * l11
    s7 = h7 * h7 + m8 * m8 + m9 * m9 + m10 * m10 + m11 * m11
    t7 = h7 * y7 + m8 * y8 + m9 * y9 + m10 * y10 + m11 * y11
    m9 = -(j8 * i8) * j9
    m10 = -(k8 * i8 + k9 * m9) * k10
    m11 = -(l8 * i8 + l9 * m9 + l10 * m10) * l11
    s8 = i8 * i8 + m9 * m9 + m10 * m10 + m11 * m11
    t8 = i8 * y8 + m9 * y9 + m10 * y10 + m11 * y11
    m10 = -(k9 * j9) * k10
    m11 = -(l9 * j9 + l10 * m10) * l11
    s9 = j9 * j9 + m10 * m10 + m11 * m11
    t9 = j9 * y9 + m10 * y10 + m11 * y11
    m11 = -(l10 * k10) * l11
    s10 = k10 * k10 + m11 * m11
    t10 = k10 * y10 + m11 * y11
    s11 = l11 * l11
    t11 = l11 * y11
    return s3, t3, s4, t4, s5, t5, s6, t6, s7, t7, s8, t8, s9, t9, s10, t10, s11, t11


def grow_12(a: Row, roots: Row, x: Row, push: Row) -> list[float]:
    (
        a0, b0, b1, c0, c1, c2, d0, d1, d2, d3, e0, e1, e2, e3, e4, f0, f1, f2, f3, f4, f5, g0, g1, g2, g3, g4, g5, g6, h0, h1, h2,
        h3, h4, h5, h6, h7, i0, i1, i2, i3, i4, i5, i6, i7, i8, j0, j1, j2, j3, j4, j5, j6, j7, j8, j9, k0, k1, k2, k3, k4, k5, k6,
        k7, k8, k9, k10, l0, l1, l2, l3, l4, l5, l6, l7, l8, l9, l10, l11,
    ) = a
    r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11 = roots
    x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11 = x
    p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11 = push
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
        ((i0 * r8 * r0 + p8 * x0) * 1e5 + 0.5) // 1 / 1e5,
        ((i1 * r8 * r1 + p8 * x1) * 1e5 + 0.5) // 1 / 1e5,
        ((i2 * r8 * r2 + p8 * x2) * 1e5 + 0.5) // 1 / 1e5,
        ((i3 * r8 * r3 + p8 * x3) * 1e5 + 0.5) // 1 / 1e5,
        ((i4 * r8 * r4 + p8 * x4) * 1e5 + 0.5) // 1 / 1e5,
        ((i5 * r8 * r5 + p8 * x5) * 1e5 + 0.5) // 1 / 1e5,
        ((i6 * r8 * r6 + p8 * x6) * 1e5 + 0.5) // 1 / 1e5,
        ((i7 * r8 * r7 + p8 * x7) * 1e5 + 0.5) // 1 / 1e5,
        ((i8 * r8 * r8 + p8 * x8) * 1e5 + 0.5) // 1 / 1e5,
        ((j0 * r9 * r0 + p9 * x0) * 1e5 + 0.5) // 1 / 1e5,
        ((j1 * r9 * r1 + p9 * x1) * 1e5 + 0.5) // 1 / 1e5,
        ((j2 * r9 * r2 + p9 * x2) * 1e5 + 0.5) // 1 / 1e5,
        ((j3 * r9 * r3 + p9 * x3) * 1e5 + 0.5) // 1 / 1e5,
        ((j4 * r9 * r4 + p9 * x4) * 1e5 + 0.5) // 1 / 1e5,
        ((j5 * r9 * r5 + p9 * x5) * 1e5 + 0.5) // 1 / 1e5,
        ((j6 * r9 * r6 + p9 * x6) * 1e5 + 0.5) // 1 / 1e5,
        ((j7 * r9 * r7 + p9 * x7) * 1e5 + 0.5) // 1 / 1e5,
        ((j8 * r9 * r8 + p9 * x8) * 1e5 + 0.5) // 1 / 1e5,
        ((j9 * r9 * r9 + p9 * x9) * 1e5 + 0.5) // 1 / 1e5,
        ((k0 * r10 * r0 + p10 * x0) * 1e5 + 0.5) // 1 / 1e5,
        ((k1 * r10 * r1 + p10 * x1) * 1e5 + 0.5) // 1 / 1e5,
        ((k2 * r10 * r2 + p10 * x2) * 1e5 + 0.5) // 1 / 1e5,
        ((k3 * r10 * r3 + p10 * x3) * 1e5 + 0.5) // 1 / 1e5,
        ((k4 * r10 * r4 + p10 * x4) * 1e5 + 0.5) // 1 / 1e5,
        ((k5 * r10 * r5 + p10 * x5) * 1e5 + 0.5) // 1 / 1e5,
        ((k6 * r10 * r6 + p10 * x6) * 1e5 + 0.5) // 1 / 1e5,
        ((k7 * r10 * r7 + p10 * x7) * 1e5 + 0.5) // 1 / 1e5,
        ((k8 * r10 * r8 + p10 * x8) * 1e5 + 0.5) // 1 / 1e5,
        ((k9 * r10 * r9 + p10 * x9) * 1e5 + 0.5) // 1 / 1e5,
        ((k10 * r10 * r10 + p10 * x10) * 1e5 + 0.5) // 1 / 1e5,
        ((l0 * r11 * r0 + p11 * x0) * 1e5 + 0.5) // 1 / 1e5,
        ((l1 * r11 * r1 + p11 * x1) * 1e5 + 0.5) // 1 / 1e5,
        ((l2 * r11 * r2 + p11 * x2) * 1e5 + 0.5) // 1 / 1e5,
        ((l3 * r11 * r3 + p11 * x3) * 1e5 + 0.5) // 1 / 1e5,
        ((l4 * r11 * r4 + p11 * x4) * 1e5 + 0.5) // 1 / 1e5,
        ((l5 * r11 * r5 + p11 * x5) * 1e5 + 0.5) // 1 / 1e5,
        ((l6 * r11 * r6 + p11 * x6) * 1e5 + 0.5) // 1 / 1e5,
        ((l7 * r11 * r7 + p11 * x7) * 1e5 + 0.5) // 1 / 1e5,
        ((l8 * r11 * r8 + p11 * x8) * 1e5 + 0.5) // 1 / 1e5,
        ((l9 * r11 * r9 + p11 * x9) * 1e5 + 0.5) // 1 / 1e5,
        ((l10 * r11 * r10 + p11 * x10) * 1e5 + 0.5) // 1 / 1e5,
        ((l11 * r11 * r11 + p11 * x11) * 1e5 + 0.5) // 1 / 1e5,
    ]


KERNEL = Kernel(factor_12, forward_12, pull_12, move_12, tail_12, grow_12, (0, 2, 5, 9, 14, 20, 27, 35, 44, 54, 65, 77), 3)
