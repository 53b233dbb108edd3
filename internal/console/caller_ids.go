package console

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/i-agent/iagent/internal/stats"
	"github.com/i-agent/iagent/internal/store"
)

// callerIDRow is one of our numbers, and how the calls from it went.
type callerIDRow struct {
	number, calls             string
	answered, short, machines string // a share with what it counts
	attested                  string
	untrusted                 bool // so many calls are short that networks trust the number little
}

// untrustedShare is the share of short calls from which on Twilio takes a number for one of little trust; see interview.ShortCall.
const untrustedShare = 0.15

// fewCalls are too few for a share to say anything.
const fewCalls = 20

// How long a count of the calls by caller id is kept, since it takes a database up to 100 ms, and of how many campaigns.
const (
	callerIDsKept    = time.Minute
	maxCallerIDsKept = 100
)

// callerIDCounts keeps what was counted, by campaign. Its zero value is empty.
type callerIDCounts struct {
	mu   sync.Mutex
	kept map[string]callerIDCount
}

// callerIDCount is what was counted at a moment.
type callerIDCount struct {
	at      time.Time
	counted []store.CallerIDCalls
}

// of counts, unless that was done a short time ago. Two that ask at once count once.
func (k *callerIDCounts) of(campaignID string, now time.Time, count func() ([]store.CallerIDCalls, error)) (callerIDCount, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if one, ok := k.kept[campaignID]; ok && now.Sub(one.at) < callerIDsKept {
		return one, nil
	}
	counted, err := count()
	if err != nil {
		return callerIDCount{}, err
	}
	if k.kept == nil || len(k.kept) >= maxCallerIDsKept {
		k.kept = map[string]callerIDCount{}
	}
	k.kept[campaignID] = callerIDCount{now, counted}
	return k.kept[campaignID], nil
}

// callerIDsView is a table of our numbers, counted at a moment.
type callerIDsView struct {
	rows []callerIDRow
	at   time.Time
}

// callerIDs counts the newest calls that have ended since a time, of a campaign or, with "", of all.
func (c *Console) callerIDs(ctx context.Context, role Role, campaignID string, since time.Time) (callerIDsView, error) {
	found, err := c.callerIDCounts.of(campaignID, c.now(), func() ([]store.CallerIDCalls, error) {
		return c.store.CallerIDs(ctx, store.StatsFilter{CampaignID: campaignID, Since: since})
	})
	if err != nil {
		return callerIDsView{}, err
	}
	var rows []callerIDRow
	for _, n := range stats.CallerIDs(found.counted) {
		row := callerIDRow{number: shownNumber(role, n.PhoneNumber), calls: thousands(n.Calls), answered: shareOf(n.AnswerRate, n.Answered),
			short: shareOf(n.ShortRate, n.Short), machines: shareOf(n.MachineRate, n.Machines),
			untrusted: n.ShortRate != nil && *n.ShortRate > untrustedShare && n.Answered >= fewCalls}
		var attested []string
		for _, letter := range slices.Sorted(maps.Keys(n.Attested)) {
			attested = append(attested, letter+" "+thousands(n.Attested[letter]))
		}
		row.attested = orDash(strings.Join(attested, ", "))
		rows = append(rows, row)
	}
	return callerIDsView{rows, found.at}, nil
}

// shareOf is a rate with how many calls it is of, a dash when there is none.
func shareOf(rate *float64, n int) string {
	if rate == nil {
		return "–"
	}
	return strconv.FormatFloat(100**rate, 'f', 1, 64) + " % (" + thousands(n) + ")"
}
