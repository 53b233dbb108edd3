package console

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/i-agent/iagent/internal/health"
)

// stripItem is a number of the strip. Value is "–" where nothing was measured, and says then why.
type stripItem struct {
	name, value string
	// says is what is counted and over what time, or why nothing is.
	says string
	// to leads to the rows that are counted, "" where there are none.
	to    string
	class string
}

// stripView is the strip.
type stripView struct {
	items []stripItem
	at    *time.Time // when it was measured
	from  string     // where the script gets the next one
	// clock says how far the clock of these pages is from the real one, "" where it is the real one.
	clock string
}

// stale is how old the numbers may be: they are measured every few seconds.
const stale = time.Minute

// none is what is shown where nothing was measured.
const none = "–"

// strip is what every page shows of how things are. It asks nobody: all is measured once for all who look.
func (c *Console) strip(role Role) *stripView {
	if c.health == nil || role == Nobody {
		return nil
	}
	m, now := c.health.Snapshot(), c.now()
	v := &stripView{from: c.path("/strip"), clock: otherClock(now, time.Now())}
	why := ""
	switch {
	case m.At.IsZero():
		why = "Nothing was measured yet: this process has just begun."
	case now.Sub(m.At) > stale:
		why = fmt.Sprintf("Nothing was measured since %s: something holds up this process, or its database.", clockTime(m.At))
	default:
		v.at = &m.At
	}
	v.items = append(c.answerItems(m), c.countItems(m)...)
	v.items = append(v.items, c.serviceItems(m, now)...)
	if why != "" {
		for n := range v.items {
			v.items[n] = stripItem{name: v.items[n].name, value: none, says: why, class: "unsure"}
		}
	}
	return v
}

// clocksApart is from where on the clock of a server is not the real one: one that was set to another time, as that of a demonstration is.
const clocksApart = time.Minute

// otherClock says how far a clock is from the real one, "" where it is the real one.
func otherClock(now, really time.Time) string {
	switch behind := really.Sub(now); {
	case behind >= clocksApart:
		return duration(behind.Truncate(time.Minute)) + " behind the real time"
	case behind <= -clocksApart:
		return duration((-behind).Truncate(time.Minute)) + " ahead of the real time"
	}
	return ""
}

func (c *Console) answerItems(m health.Snapshot) []stripItem {
	item := func(name string, d time.Duration, part string) stripItem {
		if len(m.Answers) == 0 {
			return stripItem{name: name, value: none, says: fmt.Sprintf("This process has answered no webhook since %s.", clockTime(m.AnswersSince))}
		}
		query := url.Values{"atLeast": {d.String()}, "since": {instant(m.AnswersSince)}, "until": {instant(m.At)}}
		i := stripItem{name: name, value: duration(d), to: address(c.path("/health/answers"), query),
			says: fmt.Sprintf("%s of the %d webhooks that this process answered since %s took at least as long.", part, len(m.Answers), clockTime(m.AnswersSince))}
		if d > time.Second { // Twilio waits for 15 s at most, 4.5 s as we ask it
			i.class = "bad"
		}
		return i
	}
	return []stripItem{item("answer p50", m.P50, "Half"), item("p99", m.P99, "One in a hundred")}
}

func (c *Console) countItems(m health.Snapshot) []stripItem {
	unread := "The database could not be read."
	items := []stripItem{{name: "oldest waiting"}, {name: "refused"}, {name: "duplicates"}, {name: "dead runs"}, {name: "overdue"}}
	if !m.Measured {
		for n := range items {
			items[n].value, items[n].says = none, unread
		}
	} else {
		waits, refused, duplicates, dead := &items[0], &items[1], &items[2], &items[3]
		waits.value, waits.says = "none", "No run is due that has not begun, and no webhook failed that was not accepted since."
		if o := m.Oldest; !o.Since.IsZero() {
			waits.value = duration(m.At.Sub(o.Since))
			waits.says, waits.to = "The run that has been due for the longest without having begun.", c.path("/runs/"+url.PathEscape(o.RunID))
			if o.WebhookID != "" {
				waits.says, waits.to = "The oldest webhook that failed and was not accepted since.", c.path("/webhooks/"+url.PathEscape(o.WebhookID))
			}
			if m.At.Sub(o.Since) > time.Minute {
				waits.class = "bad"
			}
		}
		between := func(more ...string) url.Values {
			query := url.Values{"since": {instant(m.CountedSince)}, "until": {instant(m.At)}}
			for n := 0; n < len(more); n += 2 {
				query.Set(more[n], more[n+1])
			}
			return query
		}
		over := " in the hour before " + clockTime(m.At) + ", to all processes."
		refused.value, refused.says = perHour(m.Refused), "Requests that were refused without a valid signature"+over
		refused.to = address(c.path("/rejections"), between())
		duplicates.value, duplicates.says = perHour(m.Duplicates), "Webhooks that were delivered more than once, first"+over
		duplicates.to = address(c.path("/webhooks"), between("outcome", "duplicate"))
		dead.value, dead.says, dead.to = strconv.Itoa(m.Dead()), "Runs that failed for good: nothing tries them again unless somebody asks for it. They are counted in overdue, too.", c.path("/runs?state=failed")
		if m.Refused > 0 {
			refused.class = "unsure"
		}
		if m.Dead() > 0 {
			dead.class = "bad"
		}
	}
	overdue := &items[4]
	if overdue.value, overdue.says = none, "Nobody has counted yet what is overdue."; m.Overdue != nil {
		overdue.value, overdue.to, overdue.says = strconv.Itoa(m.OverdueCount()), c.path("/overdue"), "Calls of which something is overdue, runs that are late or dead (those are counted in dead runs, too), and accounts that cannot dial."
		if m.OverdueCount() > 0 {
			overdue.class = "bad"
		}
	}
	return items
}

func (c *Console) serviceItems(m health.Snapshot, now time.Time) []stripItem {
	database := stripItem{name: "database", to: c.path("/health#database"), value: "away", class: "bad", says: "The database did not answer at the last look."}
	if m.Database.Up {
		database.value, database.class, database.says = duration(m.DatabaseTook), "", "How long the database took for an answer at the last look."
	}
	redis := stripItem{name: "Redis", value: "not used", says: "REDIS_URL is not set: limits are those of each process.", to: c.path("/health#redis")}
	if c.redisSet {
		redis.value, redis.says = none, "This process has not asked Redis yet."
	}
	if m.Redis.Known {
		redis.value, redis.says = "up", "Redis, which has the shared limits, answers."
		if !m.Redis.Up {
			redis.value, redis.class, redis.says = "away", "bad", "Redis does not answer: limits are those of each process."
		}
	}
	twilio := stripItem{name: "asked Twilio", value: none, says: "Twilio has accepted no request of this installation yet.", to: c.path("/health#twilio")}
	if m.Twilio.Off != "" {
		twilio.says = "Nobody asks Twilio what is missing: " + m.Twilio.Off + "."
	}
	if at := m.Twilio.Answered; !at.IsZero() {
		twilio.value = duration(now.Sub(at)) + " ago"
		twilio.says = "When Twilio last accepted a request of this installation. It is asked to dial, and when something is overdue."
	}
	if m.Twilio.PassError != "" {
		twilio.class, twilio.says = "bad", "The last pass over what is overdue ended early: "+m.Twilio.PassError
	}
	return []stripItem{database, redis, twilio}
}

// stripPart is the strip alone, for the script that keeps it new.
func (c *Console) stripPart(w http.ResponseWriter, r *http.Request, role Role) error {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if v := c.strip(role); v != nil {
		return strip(*v).Render(r.Context(), w)
	}
	return nil
}

func perHour(n int) string { return strconv.Itoa(n) + "/h" }

// instant is a time for an address.
func instant(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func clockTime(t time.Time) string { return t.UTC().Format("15:04:05 UTC") }
