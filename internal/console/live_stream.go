package console

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

const (
	// writeWithin bounds each write to a page, beat is how often something is written at least: proxies close what is silent.
	writeWithin = 10 * time.Second
	beat        = 15 * time.Second
)

func (c *Console) routeLive(mux *http.ServeMux) {
	c.page(mux, "GET /console/live", c.stream)
}

// EndStreams ends the streams of live lists, so that a server that stops need not wait for them. Pages connect again.
func (c *Console) EndStreams() { c.live.close() }

// liveList has the page of a list told how many rows are new in it. newest is the id of the first row that it shows, "" for none.
func (f *frame) liveList(page string, l listView, newest string) {
	if l.page.After != "" {
		return // the pill is for the top of a list
	}
	query := url.Values{"list": {page}, "after": {newest}, "made": {strconv.FormatInt(f.now.UnixMilli(), 10)}}
	for name, values := range l.query {
		query[name] = values
	}
	f.live, f.liveTop = f.path("/live")+"?"+query.Encode(), address(l.base, l.query)
}

// liveCampaign has the page of a campaign told how many of the calls that it made have ended since it was made.
func (f *frame) liveCampaign(id string) {
	var over []string
	for _, status := range callStatuses() {
		if status.Terminal() {
			over = append(over, string(status))
		}
	}
	query := url.Values{"list": {"calls"}, "campaignId": {id}, "direction": {string(interview.DirectionOutbound)}, "status": {strings.Join(over, ",")}, "after": {allCreated},
		"made": {strconv.FormatInt(f.now.UnixMilli(), 10)}}
	f.live, f.liveTop = f.path("/live")+"?"+query.Encode(), f.path("/campaigns/"+url.PathEscape(id))
}

// allCreated is an id after that of any call: nothing is new because it was created.
const allCreated = "Z"

// counted is how many rows are new for a page; there may be more than are counted.
type counted struct {
	n    int
	more bool
}

// counter counts what is new for one page.
type counter func(*seen) counted

// counterOf reads which list a page shows, and of which rows.
func (c *Console) counterOf(r *http.Request, role Role) (counter, error) {
	query := r.URL.Query()
	list, after := query.Get("list"), query.Get("after")
	made, err := strconv.ParseInt(query.Get("made"), 10, 64)
	if err != nil {
		return nil, &badRequest{"made must be when the page was made."}
	}
	for _, own := range []string{"list", "after", "made"} {
		query.Del(own)
	}
	switch list {
	case "calls":
		by, err := c.callFilter(query, role)
		if err != nil {
			return nil, err
		}
		return countCalls(by, after, time.UnixMilli(made)), nil
	case "webhooks":
		by, err := webhookFilter(query, c.now())
		if err != nil {
			return nil, err
		}
		return func(s *seen) counted {
			return s.webhooks.count(after, func(w store.Webhook) string { return w.ID }, func(w store.Webhook) bool { return w.ID > after && by.Matches(w) })
		}, nil
	case "rejections":
		by := store.RejectionFilter{Cause: query.Get("cause"), Kind: query.Get("kind"), Client: query.Get("client")}
		if by.Since, by.Until, err = timeRange(query, c.now()); err != nil {
			return nil, err
		}
		return func(s *seen) counted {
			return s.rejections.count(after, func(r store.Rejection) string { return r.ID }, func(r store.Rejection) bool { return r.ID > after && by.Matches(r) })
		}, nil
	}
	return nil, &badRequest{"There is no live list " + list + "."}
}

// countCalls counts the calls that were created since, and those that a condition has come to choose since the page was made.
func countCalls(by store.CallFilter, after string, made time.Time) counter {
	return func(s *seen) counted {
		return s.calls.count(after, func(c interview.Call) string { return c.ID }, func(c interview.Call) bool {
			if !by.Matches(c) || c.ID > after {
				return by.Matches(c)
			}
			since := by.MatchedAt(c)
			return since.After(c.CreatedAt) && since.After(made)
		})
	}
}

func (r rows[T]) count(after string, id func(T) string, isNew func(T) bool) counted {
	found := counted{more: r.since != "" && after < r.since}
	for _, row := range r.list {
		if isNew(row) {
			found.n++
		}
	}
	return found
}

// stream answers a page with server-sent events until it, its session or the server ends: "list" with how many rows are new.
// It carries no rows.
func (c *Console) stream(w http.ResponseWriter, r *http.Request, role Role) error {
	count, err := c.counterOf(r, role)
	if err != nil {
		return err
	}
	session := ""
	if cookie, err := r.Cookie(sessionCookie); err == nil {
		session = cookie.Value
	}
	ctx, page := c.live.join(r.Context(), session)
	if page == nil {
		http.Error(w, "No stream: the server stops, or too many pages are open", http.StatusServiceUnavailable)
		return nil
	}
	defer c.live.leave(page)
	out := eventStream{w, http.NewResponseController(w)}
	if out.begin() != nil {
		return nil
	}
	told := r.Header.Get("Last-Event-ID")
	beats := time.NewTicker(beat)
	defer beats.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case <-beats.C:
			err = out.write(": \n\n")
		case <-page.wake:
			told, err = c.tellNews(out, count, told)
		}
		if err != nil {
			return nil // nobody reads it any more
		}
		if c.access.who(r).role != role {
			_ = out.write("event: end\ndata: {}\n\n")
			return nil
		}
	}
}

// tellNews writes what the last look has changed for a page that was told something before, and returns what it is told by then. The id of
// an event is what it says: a page that connects again sends it, and is told only something else.
func (c *Console) tellNews(out eventStream, count counter, told string) (string, error) {
	last := c.live.last()
	if last == nil {
		return told, nil
	}
	found := count(last)
	data := fmt.Sprintf(`{"new":%d,"more":%t}`, found.n, found.more)
	if data == told {
		return told, nil
	}
	return data, out.write("event: list\nid: " + data + "\ndata: " + data + "\n\n")
}

// eventStream writes server-sent events, each with a deadline of its own: those of the server are for answers that end.
type eventStream struct {
	w          http.ResponseWriter
	controller *http.ResponseController
}

func (s eventStream) begin() error {
	if err := s.controller.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	header := s.w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no") // nginx would keep events back
	return s.write("retry: 1000\n\n")
}

func (s eventStream) write(text string) error {
	if err := s.controller.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
		return err
	}
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.controller.Flush()
}
