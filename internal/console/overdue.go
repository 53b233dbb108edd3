package console

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

func (c *Console) routeOverdue(mux *http.ServeMux) { c.page(mux, "GET /console/overdue", c.overdue) }

// mostOverdue is how much of what is overdue is shown.
const mostOverdue = 500

// overdueView is what the page of what is overdue shows.
type overdueView struct {
	items []overdueRow
	// all says that nothing was left out.
	all bool
	nav []subpage
}

// overdueRow is something that should have come by now.
type overdueRow struct {
	store.OverdueItem
	late string
	// what, why and out are in words: what is missing, and how it may come all the same.
	what, out string
	to, name  string // its page and what that is of
}

func (c *Console) overdue(w http.ResponseWriter, r *http.Request, role Role) error {
	if _, _, err := tokens(r, c.path("/overdue")); err != nil {
		return err
	}
	items, err := c.store.Overdue(r.Context(), c.deadlines, mostOverdue+1)
	if err != nil {
		return err
	}
	p := overdueView{all: len(items) <= mostOverdue, nav: c.runPages("/overdue")}
	for _, item := range items[:min(len(items), mostOverdue)] {
		p.items = append(p.items, c.overdueRow(item, c.now()))
	}
	c.render(w, r, http.StatusOK, c.runFrame(r, role, "Overdue"), overduePage(p))
	return nil
}

func (c *Console) overdueRow(item store.OverdueItem, now time.Time) overdueRow {
	row := overdueRow{OverdueItem: item, late: duration(now.Sub(item.Due))}
	switch {
	case item.RunID != "":
		row.to, row.name = c.path("/runs/"+url.PathEscape(item.RunID)), item.RunID
	case item.CallID != "":
		row.to, row.name = c.path("/calls/"+url.PathEscape(item.CallID)), item.CallID
	default:
		row.to, row.name = c.path("/health#dialing"), "account"
	}
	row.what, row.out = overdueWords(item)
	return row
}

// overdueWords say what is missing, and the way out.
func overdueWords(item store.OverdueItem) (what, out string) {
	askNow := "The reconciler asks Twilio by itself; the call's page asks now."
	switch interview.Overdue(item.What) {
	case interview.OverdueDial:
		return capitalised(awaited(interview.OverdueDial)) + ": the answer to the dial was lost", askNow + " It is never dialled again blindly."
	case interview.OverdueAnswer, interview.OverdueEnd, interview.OverdueRecording, interview.OverdueVerdict, interview.OverdueClearance:
		return capitalised(awaited(interview.Overdue(item.What))), askNow
	}
	if item.What == store.OverdueDialingPaused {
		return "Twilio refuses the account (" + item.Status + "): no call is dialled", "Mend the account at Twilio; it is probed by itself. See dialling on the page of health."
	}
	function, _ := strings.CutPrefix(item.What, "run:")
	switch interview.RunState(item.Status) {
	case interview.RunFailed:
		return function + ": the run is dead", "Find out why, then retry it."
	case interview.RunRunning:
		return function + ": its worker has given no sign of life", "It is rescued by itself within minutes, unless no process works."
	}
	return function + ": it should have begun, or its service has been away for a while", "It is tried again by itself; see its last error."
}
