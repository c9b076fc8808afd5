package cwmp

import (
	"math"
	"math/rand/v2"
	"time"
)

const (
	maxBackoff   = 10                 // from the tenth retry on the window stays (S-33)
	longestRetry = 7 * 24 * time.Hour // S-35: m = k = 65535 would be older than the universe
)

// retryWindow returns the window from which the wait before retry n (n >= 1) is chosen: m·(k/1000)^(n-1) to
// m·(k/1000)^n seconds (3.2.1.1, Table 3). m is CWMPRetryMinimumWaitInterval, k CWMPRetryIntervalMultiplier.
func retryWindow(n, m, k int) (low, high time.Duration) {
	n = min(max(n, 1), maxBackoff)
	factor := float64(k) / 1000
	at := func(exp int) time.Duration {
		seconds := float64(m) * math.Pow(factor, float64(exp))
		if seconds >= longestRetry.Seconds() {
			return longestRetry
		}
		return time.Duration(seconds * float64(time.Second))
	}
	return at(n - 1), at(n)
}

// retryWait chooses a wait from the window of retry n, all values alike likely.
func retryWait(n, m, k int) time.Duration {
	low, high := retryWindow(n, m, k)
	return low + time.Duration(rand.Int64N(int64(high-low)+1))
}
