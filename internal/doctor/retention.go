package doctor

import (
	"context"
	"time"
)

// longestCall is the longest that a call can last (Twilio: Call resource, TimeLimit).
const longestCall = 24 * time.Hour

func (d *doctor) retentionChecks() []check {
	return []check{
		{name: "retention.settings", lookedAt: "RETENTION, DEDUP_RETENTION", needs: []string{"RETENTION", "DEDUP_RETENTION"}, run: d.checkRetention},
		{name: "retention.payloads", lookedAt: "the oldest payload", needs: []string{"RETENTION", "DATABASE_URL"}, run: d.withDatabase(d.checkPayloads)},
	}
}

func (d *doctor) checkRetention(context.Context) outcome {
	switch {
	case d.Retention < longestCall:
		return warn("set RETENTION to some days, such as 168h", "payloads are kept for %s: a failed webhook cannot be replayed after that", d.Retention)
	case d.DedupRetention != 0 && d.DedupRetention < d.Retention:
		return fail("set DEDUP_RETENTION to more than RETENTION, such as 2160h", "event ids are kept for %s, payloads for %s: an old webhook would be taken for new", d.DedupRetention, d.Retention)
	}
	return ok("payloads are kept for %s", d.Retention)
}

func (d *doctor) checkPayloads(ctx context.Context) outcome {
	oldest, err := d.opened.OldestPayload(ctx)
	if err != nil {
		return skipped("the events cannot be read: %v", err)
	}
	age := d.Now().Sub(oldest)
	if !oldest.IsZero() && age > d.Retention+25*time.Hour {
		return warn("iagent prune, and see that iagent serve runs", "the oldest payload is %s old, and payloads shall be kept for %s", age.Round(time.Hour), d.Retention)
	}
	return ok("none is older than RETENTION")
}
