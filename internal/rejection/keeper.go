package rejection

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/i-agent/iagent/internal/explain"
	"github.com/i-agent/iagent/internal/ratelimit"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/signature"
)

// Bounds of what one process does for requests that anybody can send.
const (
	// perClient is how many requests of one client are kept in a minute; the others are counted.
	perClient = 100
	// explained is how many are explained in a minute, and explainFor how long that may take; the others are explained when
	// somebody asks.
	explained  = 200
	explainFor = 6 * time.Second
	// queueCount and queueBytes bound what waits to be stored.
	queueCount = 512
	queueBytes = 4 << 20
	// batch is how many are stored in one transaction, and pause the least time from one transaction to the next.
	batch = 64
	pause = time.Second
	// storeFor bounds such a transaction, pruneEvery is how often old ones are deleted where no new ones come.
	storeFor   = 5 * time.Second
	pruneEvery = time.Hour
)

// DefaultLimits are what is stored of rejections at most.
var DefaultLimits = store.RejectionLimits{Count: 2000, PerCause: 500, Bytes: 8 << 20, Age: 7 * 24 * time.Hour}

// Store keeps rejections. A *store.Store is one.
type Store interface {
	KeepRejections(ctx context.Context, kept []*store.RejectionDetail, limits store.RejectionLimits) error
	PruneRejections(ctx context.Context, before time.Time) (int64, error)
	Rejection(ctx context.Context, id string) (store.RejectionDetail, error)
	ExplainRejection(ctx context.Context, d *store.RejectionDetail) error
	RejectionChecked(ctx context.Context, id string, verified *bool) (time.Time, error)
}

// Config is what a Keeper needs. All but Limits and Now are required.
type Config struct {
	Store     Store
	Explainer *Explainer
	// Limits are those of the table; zero means DefaultLimits.
	Limits store.RejectionLimits
	// Counted is called once for every refused request, with its cause.
	Counted func(cause string)
	// Logged is called once for every refused request, with what is known of it, for a log that counts lines of one cause.
	Logged func(ctx context.Context, r *store.Rejection)
	// Faulted is called when something of ours fails.
	Faulted func(ctx context.Context, doing string, err error)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Keeper keeps refused requests: Offer takes them, Run explains and stores them.
type Keeper struct {
	config  Config
	clients *ratelimit.Memory
	held    *held

	explanations *rate.Limiter
	spent        *rate.Limiter // in milliseconds

	mu    sync.Mutex
	queue []Request
	bytes int
	// wake has room for one.
	wake chan struct{}
}

// NewKeeper returns a Keeper. It does nothing before Run.
func NewKeeper(c Config) *Keeper {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Limits == (store.RejectionLimits{}) {
		c.Limits = DefaultLimits
	}
	return &Keeper{
		config: c, clients: ratelimit.NewMemory(perClient, perClient, c.Now), held: newHeld(),
		explanations: rate.NewLimiter(explained/60.0, explained),
		spent:        rate.NewLimiter(rate.Limit(explainFor.Milliseconds())/60, int(explainFor.Milliseconds())),
		wake:         make(chan struct{}, 1),
	}
}

// Offer takes a refused request, or only counts it where there are too many. It never waits.
func (k *Keeper) Offer(ctx context.Context, r Request) {
	if ok, _, err := k.clients.Take(context.WithoutCancel(ctx), r.Client); !ok || err != nil || !k.enqueue(r) {
		k.count(ctx, &store.Rejection{Kind: string(r.Kind), Status: r.Status, Client: r.Client, Cause: quickCause(&r), Summary: quickSummary(&r)})
		return
	}
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

func (k *Keeper) enqueue(r Request) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.queue) >= queueCount || k.bytes+r.size() > queueBytes {
		return false
	}
	k.queue, k.bytes = append(k.queue, r), k.bytes+r.size()
	return true
}

// take returns the oldest of the queue.
func (k *Keeper) take() (taken []Request, more bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := min(len(k.queue), batch)
	taken = append(taken, k.queue[:n]...)
	rest := append([]Request(nil), k.queue[n:]...) // so that nothing of what was taken stays
	k.queue, k.bytes = rest, 0
	for i := range rest {
		k.bytes += rest[i].size()
	}
	return taken, len(rest) > 0
}

func (k *Keeper) count(ctx context.Context, r *store.Rejection) {
	k.config.Counted(r.Cause)
	k.config.Logged(ctx, r)
}

// Run explains and stores what is offered until ctx ends, and then what is left, for a short time. A failure loses rejections, and
// nothing else.
func (k *Keeper) Run(ctx context.Context) error {
	expire := time.NewTicker(time.Minute)
	defer expire.Stop()
	prune := time.NewTicker(pruneEvery)
	defer prune.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			defer cancel()
			k.turn(last)
			return nil
		case <-expire.C:
			k.held.expire(k.config.Now())
			continue
		case <-prune.C:
			k.prune(ctx)
			continue
		case <-k.wake:
		}
		rested := time.NewTimer(pause)
		k.turn(ctx)
		select {
		case <-rested.C:
		case <-ctx.Done():
			rested.Stop()
		}
	}
}

func (k *Keeper) prune(ctx context.Context) {
	if _, err := k.config.Store.PruneRejections(ctx, k.config.Now().Add(-k.config.Limits.Age)); err != nil && ctx.Err() == nil {
		k.config.Faulted(ctx, "pruning rejections", err)
	}
}

// turn explains and stores one batch.
func (k *Keeper) turn(ctx context.Context) {
	taken, more := k.take()
	if more {
		select {
		case k.wake <- struct{}{}:
		default:
		}
	}
	if len(taken) == 0 {
		return
	}
	kept := make([]*store.RejectionDetail, len(taken))
	for i := range taken {
		kept[i] = k.describe(ctx, &taken[i])
	}
	writing, cancel := context.WithTimeout(ctx, storeFor)
	defer cancel()
	err := k.config.Store.KeepRejections(writing, kept, k.config.Limits)
	for _, d := range kept {
		k.count(ctx, &d.Rejection)
	}
	if err != nil {
		k.config.Faulted(ctx, "keeping rejections", err)
		return
	}
	now := k.config.Now()
	for i, d := range kept {
		k.held.put(d.ID, &taken[i], d.Proven, now)
	}
}

// describe explains a request if that does not cost too much.
func (k *Keeper) describe(ctx context.Context, r *Request) *store.RejectionDetail {
	now := time.Now()
	if k.spent.TokensAt(now) < 1 || !k.explanations.AllowN(now, 1) {
		d := k.config.Explainer.Summarize(r)
		d.Summary = quickSummary(r)
		return d
	}
	d := k.explain(ctx, r)
	k.spent.ReserveN(now, int(min(time.Since(now), explainFor).Milliseconds()))
	return d
}

// explain explains a request. Whatever somebody may send, a fault in here ends nothing.
func (k *Keeper) explain(ctx context.Context, r *Request) (d *store.RejectionDetail) {
	d = k.config.Explainer.Summarize(r)
	defer func() {
		if p := recover(); p != nil {
			d.Summary = quickSummary(r)
			k.config.Faulted(ctx, "explaining a rejection", fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}
	}()
	k.config.Explainer.Explain(r, d)
	return d
}

// quickSummary says what is known without computing anything.
func quickSummary(r *Request) string {
	kind := quickCause(r)
	if cure := explain.KindCure(signature.CauseKind(kind)); cure != "" {
		return kind + ": " + cure
	}
	return kind + ": more requests are refused than are explained at once; GET /api/rejections lists those that are kept"
}
