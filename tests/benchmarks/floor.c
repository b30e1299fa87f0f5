/* The floor: both workloads by hand, with the C library's exp and tanh. */
#include <math.h>

static double sigmoid(double x) { return 1.0 / (1.0 + exp(-x)); }

/* W1, one evaluation: inputs w1..w8, i1, i2, t1, t2; outputs the error and its 8 derivatives. */
void worked_example(const double *x, double *y) {
    const double *w = x, i1 = x[8], i2 = x[9], t1 = x[10], t2 = x[11];
    double h1 = sigmoid(w[0] * i1 + w[1] * i2 + 0.35), h2 = sigmoid(w[2] * i1 + w[3] * i2 + 0.35);
    double o1 = sigmoid(w[4] * h1 + w[5] * h2 + 0.60), o2 = sigmoid(w[6] * h1 + w[7] * h2 + 0.60);
    double e1 = o1 - t1, e2 = o2 - t2;
    double d1 = e1 * o1 * (1 - o1), d2 = e2 * o2 * (1 - o2);
    double c1 = (d1 * w[4] + d2 * w[6]) * h1 * (1 - h1), c2 = (d1 * w[5] + d2 * w[7]) * h2 * (1 - h2);
    y[0] = 0.5 * e1 * e1 + 0.5 * e2 * e2;
    y[1] = c1 * i1; y[2] = c1 * i2; y[3] = c2 * i1; y[4] = c2 * i2;
    y[5] = d1 * h1; y[6] = d1 * h2; y[7] = d2 * h1; y[8] = d2 * h2;
}

/* W1, a whole training: the weights stay in registers. */
void train_worked_example(double *w, const double *row, long steps, double rate, double *losses) {
    double x[12], y[9];
    for (int k = 0; k < 8; k++) x[k] = w[k];
    for (int k = 0; k < 4; k++) x[8 + k] = row[k];
    for (long step = 0; step < steps; step++) {
        worked_example(x, y);
        losses[step] = y[0];
        for (int k = 0; k < 8; k++) x[k] -= rate * y[1 + k];
    }
    for (int k = 0; k < 8; k++) w[k] = x[k];
}

/* W2: a network 2-16-16-1 (tanh, tanh, linear) with the parameters neuron by neuron, weights first, then biases; squared errors over all
   rows of (x, y, target), added up, and their 337 derivatives. */
void moons(const double *p, const double *rows, long count, double *out) {
    const double *W1 = p, *W2 = p + 32, *W3 = p + 288, *b1 = p + 304, *b2 = p + 320, b3 = p[336];
    for (int k = 0; k < 338; k++) out[k] = 0;
    double *G1 = out + 1, *G2 = out + 33, *G3 = out + 289, *c1 = out + 305, *c2 = out + 321, *c3 = out + 337;
    for (long row = 0; row < count; row++) {
        double x = rows[3 * row], y = rows[3 * row + 1], h[16], k[16], dh[16], net;
        for (int i = 0; i < 16; i++) h[i] = tanh(W1[2 * i] * x + W1[2 * i + 1] * y + b1[i]);
        for (int i = 0; i < 16; i++) {
            net = b2[i];
            for (int j = 0; j < 16; j++) net += W2[16 * i + j] * h[j];
            k[i] = tanh(net);
        }
        net = b3;
        for (int i = 0; i < 16; i++) net += W3[i] * k[i];
        double e = net - rows[3 * row + 2], d = 2 * e;
        out[0] += e * e;
        *c3 += d;
        for (int j = 0; j < 16; j++) dh[j] = 0;
        for (int i = 0; i < 16; i++) {
            G3[i] += d * k[i];
            double dk = d * W3[i] * (1 - k[i] * k[i]);
            c2[i] += dk;
            for (int j = 0; j < 16; j++) { G2[16 * i + j] += dk * h[j]; dh[j] += dk * W2[16 * i + j]; }
        }
        for (int j = 0; j < 16; j++) {
            double q = dh[j] * (1 - h[j] * h[j]);
            c1[j] += q; G1[2 * j] += q * x; G1[2 * j + 1] += q * y;
        }
    }
}
