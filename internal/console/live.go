package console

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

const (
	// lookEvery is how often a process looks at the database while anybody listens, however many do. Where a look takes long, as while
	// hundreds of webhooks arrive each second, it looks less often, so that looking takes one part in lookShare of the time: webhooks
	// come first. lookAtLeast bounds that.
	lookEvery   = time.Second
	lookShare   = 40
	lookAtLeast = 5 * time.Second
	// lookAgain is how far back each look reaches behind the one before: a row is committed a little after its id was made, and the
	// clocks of processes differ a little.
	lookAgain = 10 * time.Second
	// rowsALook bounds the rows of each list that one look reads, rowsKept those that are kept to count among.
	rowsALook = 500
	rowsKept  = 1000
	// lookWithin bounds a look, and maxStreams how many pages may listen to one process.
	lookWithin = 5 * time.Second
	maxStreams = 1000
)

// live looks at the database for all pages that are open, and wakes them. It keeps the newest rows of the lists in memory: what
// is new for one page is counted among these. So nothing is kept for a page between its connections, and a page that connects
// again, to this process or another, gets the same count. It looks while somebody listens, and only then.
type live struct {
	newest func(ctx context.Context, since time.Time, limit int) (store.Newest, error)
	now    func() time.Time
	log    *slog.Logger

	mu        sync.Mutex
	listeners map[*listener]bool
	seen      *seen
	stop      context.CancelFunc // nil while nobody listens
	closed    bool
}

// seen is what the last look has left. Nobody writes to it.
type seen struct {
	at         time.Time
	calls      rows[interview.Call]
	webhooks   rows[store.Webhook]
	rejections rows[store.Rejection]
}

// rows are the newest rows of a list, those that were read last first.
type rows[T any] struct {
	list []T
	// since is the id from which on none is missing, "" when none is missing at all.
	since string
}

// listener is a page that is open somewhere.
type listener struct {
	// wake has a value when there is something new to look at.
	wake chan struct{}
	// session is the cookie with which it came.
	session string
	end     context.CancelFunc
}

func newLive(c *Console) *live {
	return &live{newest: c.store.Newest, now: c.now, log: c.log, listeners: map[*listener]bool{}}
}

// join adds a page. It returns nil when too many are open, or when the server stops; ctx ends when the page must leave.
func (l *live) join(ctx context.Context, session string) (context.Context, *listener) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || len(l.listeners) >= maxStreams {
		return ctx, nil
	}
	joined := &listener{wake: make(chan struct{}, 1), session: session}
	ctx, joined.end = context.WithCancel(ctx)
	l.listeners[joined] = true
	if l.stop == nil {
		looking, stop := context.WithCancel(context.Background())
		l.stop = stop
		go l.look(looking)
	} else if l.seen != nil {
		joined.wake <- struct{}{}
	}
	return ctx, joined
}

// leave takes a page away. With the last one the looking ends.
func (l *live) leave(left *listener) {
	left.end()
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.listeners, left)
	if len(l.listeners) == 0 && l.stop != nil {
		l.stop()
		l.stop, l.seen = nil, nil
	}
}

// endSession ends the streams of a session that somebody has ended.
func (l *live) endSession(cookie string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for listening := range l.listeners {
		if cookie != "" && listening.session == cookie {
			listening.end()
		}
	}
}

// close ends all streams, and lets none begin.
func (l *live) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for listening := range l.listeners {
		listening.end()
	}
}

// last is what the last look has left, nil before the first.
func (l *live) last() *seen {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seen
}

// look looks again and again until nobody listens.
func (l *live) look(ctx context.Context) {
	var before *seen
	for failing := false; ; {
		begun := time.Now()
		found, err := l.lookOnce(ctx, before)
		pause := min(max(lookEvery, lookShare*time.Since(begun)), lookAtLeast)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			if !failing { // and not every second
				l.log.WarnContext(ctx, "looking for what is new", slog.Any("error", err))
			}
			failing = true
		default:
			failing, before = false, found
			l.tell(ctx, found)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

func (l *live) tell(ctx context.Context, found *seen) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if ctx.Err() != nil {
		return
	}
	l.seen = found
	for listening := range l.listeners {
		select {
		case listening.wake <- struct{}{}:
		default: // it has not looked at the one before yet
		}
	}
}

// lookOnce reads what is new since the look before.
func (l *live) lookOnce(ctx context.Context, before *seen) (*seen, error) {
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	found := &seen{at: l.now()}
	var since time.Time
	if before != nil {
		since = before.at.Add(-lookAgain)
	} else {
		before = &seen{}
	}
	newest, err := l.newest(ctx, since, rowsALook)
	if err != nil {
		return nil, err
	}
	found.calls = before.calls.with(newest.Calls, func(c interview.Call) string { return c.ID })
	found.webhooks = before.webhooks.with(newest.Webhooks, func(w store.Webhook) string { return w.ID })
	found.rejections = before.rejections.with(newest.Rejections, func(r store.Rejection) string { return r.ID })
	return found, nil
}

// with are the rows with those that were read now. Of these a row that is known already is newer.
func (r rows[T]) with(read []T, id func(T) string) rows[T] {
	if len(read) == 0 {
		return r
	}
	now := make(map[string]bool, len(read))
	oldest, newestBefore := id(read[0]), ""
	for _, one := range read {
		now[id(one)] = true
	}
	if len(read) >= rowsALook { // there may be more: the last of those by id
		oldest = id(read[rowsALook-1])
	}
	list := slices.Clone(read)
	for _, one := range r.list {
		newestBefore = max(newestBefore, id(one))
		if !now[id(one)] {
			list = append(list, one)
		}
	}
	since := r.since
	if len(read) >= rowsALook && (len(r.list) == 0 || oldest > newestBefore) {
		since = oldest
	}
	if len(list) > rowsKept {
		byID := slices.SortedFunc(slices.Values(list[rowsKept:]), func(a, b T) int { return cmp.Compare(id(b), id(a)) })
		since = max(since, id(byID[0]))
		list = list[:rowsKept]
	}
	return rows[T]{list, since}
}
