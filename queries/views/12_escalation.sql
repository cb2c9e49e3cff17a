-- Evidence that something happens more often than it did.
-- escalation_e_value(k1, k0, rho): how much better its sightings fit a higher rate than the same:
--     k1 of the candidate, k0 of its history, rho the candidate's share of the requests of both.
--     Given k1 + k0, an unchanged rate makes k1 binomial(k1 + k0, rho), and a rate r times as high
--     makes it binomial(k1 + k0, rho * r / (1 - rho + rho * r)): the mean likelihood ratio over
--     eight r. Under an unchanged rate its mean is 1, so it reaches 100 once in 100 at most
--     (Markov). Counts that come in bursts are divided by their dispersion first. At most 1e300.

CREATE OR REPLACE MACRO escalation_likelihood(k1, k0, rho, r) AS
    exp(least(k1 * ln(r) - (k1 + k0) * ln(1 - rho + rho * r), 690));
CREATE OR REPLACE MACRO escalation_e_value(k1, k0, rho) AS
    (escalation_likelihood(k1, k0, rho, 1.25) + escalation_likelihood(k1, k0, rho, 1.5)
    + escalation_likelihood(k1, k0, rho, 2) + escalation_likelihood(k1, k0, rho, 3)
    + escalation_likelihood(k1, k0, rho, 5) + escalation_likelihood(k1, k0, rho, 10)
    + escalation_likelihood(k1, k0, rho, 30) + escalation_likelihood(k1, k0, rho, 100)) / 8;
