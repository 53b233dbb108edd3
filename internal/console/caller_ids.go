package console

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
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

// maxCalledFrom bounds the calls that a page counts by caller id: about 100 ms of a database.
const maxCalledFrom = 10_000

// callerIDs counts the newest calls that have ended since a time, of a campaign or, with "", of all.
func (c *Console) callerIDs(ctx context.Context, role Role, campaignID string, since time.Time) ([]callerIDRow, error) {
	counted, err := c.store.CallerIDs(ctx, store.StatsFilter{CampaignID: campaignID, Since: since}, maxCalledFrom)
	if err != nil {
		return nil, err
	}
	var rows []callerIDRow
	for _, n := range stats.CallerIDs(counted) {
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
	return rows, nil
}

// shareOf is a rate with how many calls it is of, a dash when there is none.
func shareOf(rate *float64, n int) string {
	if rate == nil {
		return "–"
	}
	return strconv.FormatFloat(100**rate, 'f', 1, 64) + " % (" + thousands(n) + ")"
}
