-- Whether failing goes with something that the requests have in common, or that is chance.
-- ln_choose(n, k): logarithm of the number of ways to choose k of n.
-- ln_overlap(k, n, m, total): logarithm of an upper bound of the probability that k or more of n
--     failing requests are among the m that have something, of `total` requests, if failing had
--     nothing to do with it: the one-sided test of Fisher. The terms of the hypergeometric tail
--     fall faster and faster (it is log-concave), so a geometric series with the ratio of its first
--     two bounds it. In logarithms, so that the strongest can be told apart; 0 when it is no tail.
-- tells_outcome(attribute): it says how a request ended (status codes, errors, what was answered),
--     and so goes with failing whatever the cause.

CREATE OR REPLACE MACRO ln_choose(n, k) AS lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1);
CREATE OR REPLACE MACRO ln_overlap_falls(k, n, m, total) AS
    (m - k)::DOUBLE * (n - k) / ((k + 1)::DOUBLE * (total - m - n + k + 1));
CREATE OR REPLACE MACRO ln_overlap(k, n, m, total) AS
    CASE WHEN k > 0 AND k::DOUBLE * total > n::DOUBLE * m AND ln_overlap_falls(k, n, m, total) < 1
        THEN least(0, ln_choose(m, k) + ln_choose(total - m, n - k) - ln_choose(total, n)
            - ln(1 - ln_overlap_falls(k, n, m, total)))
        ELSE 0 END;
CREATE OR REPLACE MACRO tells_outcome(attribute) AS regexp_full_match(attribute, concat(
    'http\.(status_(code|text)|response.*)|(grpc|rpc|otel|messaging)\..*status.*',
    '|(error|exception)(\..*)?|status(_?code)?|outcome'));
