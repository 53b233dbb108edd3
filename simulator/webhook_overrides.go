package simulator

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ceiling is the longest time for all attempts of one request together (Twilio: Webhooks connection overrides).
const ceiling = 15 * time.Second

// overrides are the connection settings that a callback URL asks for in its fragment, such as
// "#rc=5&rp=5xx,ct,rt" (Twilio: Webhooks connection overrides).
type overrides struct {
	connect time.Duration // ct: for the connection, TLS included
	read    time.Duration // rt: from the sending of the request to the first packet of the response, and between packets
	total   time.Duration // tt: for all attempts
	retries int           // rc
	retryOn []string      // rp: 4xx, 5xx, ct, rt, all
}

// parseOverrides reads the fragment of rawURL. Keys that it does not know are ignored and values out of range
// fall back to Twilio's defaults; ok is false when rp names a policy that does not exist (error 11243).
func parseOverrides(rawURL string) (o overrides, ok bool) {
	o = overrides{connect: 5 * time.Second, read: ceiling, total: ceiling, retries: 1, retryOn: []string{"ct"}}
	_, fragment, found := strings.Cut(rawURL, "#")
	if !found {
		return o, true
	}
	values, err := url.ParseQuery(fragment)
	if err != nil {
		return o, true
	}
	o.connect = millis(values.Get("ct"), 10_000, o.connect)
	o.read = millis(values.Get("rt"), 15_000, o.read)
	o.total = millis(values.Get("tt"), 15_000, o.total)
	if n, err := strconv.Atoi(values.Get("rc")); err == nil && n >= 0 && n <= 5 {
		o.retries = n
	}
	if rp := values.Get("rp"); rp != "" {
		policies := strings.Split(rp, ",")
		for _, policy := range policies {
			if !slices.Contains([]string{"4xx", "5xx", "ct", "rt", "all"}, policy) {
				return o, false
			}
		}
		o.retryOn = policies
	}
	return o, true
}

// retry says whether the policy repeats a request that failed in this way. A failure that no policy
// names is not repeated: an answer that broke off, or too many redirects.
func (o overrides) retry(failure string) bool {
	switch failure {
	case "4xx", "5xx", "ct", "rt":
		return slices.Contains(o.retryOn, "all") || slices.Contains(o.retryOn, failure)
	}
	return false
}

func millis(text string, most int, otherwise time.Duration) time.Duration {
	n, err := strconv.Atoi(text)
	if err != nil || n < 100 || n > most {
		return otherwise
	}
	return time.Duration(n) * time.Millisecond
}
