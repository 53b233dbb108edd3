package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/otel/trace"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/fault"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/telemetry"
)

const (
	// maxBatch bounds how many webhooks share a commit.
	maxBatch = 64
	// secondBatchAt is how many webhooks must wait for a second transaction to begin beside the first: fewer share a commit
	// then, but one works while the other waits for the disk.
	secondBatchAt = 16
	// maxPending bounds how many webhooks may wait for a commit; beyond it the answer is 500, at once.
	maxPending = 4096
	// slowBatch is when a commit takes longer than a flush to disk explains.
	slowBatch = 50 * time.Millisecond
	// settleWithin bounds a commit, well under the 15 s that Twilio waits for all attempts at a webhook. It goes on when one of its
	// webhooks was answered 500 because it took too long: the retry waits for the commit and gets its answer.
	settleWithin = 9 * time.Second
)

var errOverloaded = errors.New("too many webhooks are waiting for the database")

// Processor is the application's inbox. Webhooks that arrive while a commit is under way share the next one. It starts
// goroutines only while there is work.
type Processor struct {
	store  *Store
	decide func(call interview.Call, event *inbox.Event) (interview.Change, inbox.Reply, error)
	// withoutScript are the kinds that are decided without the call's Script.
	withoutScript []inbox.Kind
	onDecided     func(Decided) // see OnDecided

	mu      sync.Mutex
	pending []*delivery
	busy    map[string]bool // keys of the batches under way
	active  int
	begun   time.Time // when the newest batch began
}

var _ inbox.Processor = (*Processor)(nil)

// NewProcessor returns the inbox whose webhooks are decided by decide: given the call as it stands and the event, it returns the call as
// it stands afterwards, what goes with it, and the answer. It is pure (package webhook has such decisions), so it may be called again for
// the same event after a rollback.
//
// The decisions on the kinds in withoutScript must not look at their call's Script: it is not always loaded.
func NewProcessor(store *Store, decide func(call interview.Call, event *inbox.Event) (interview.Change, inbox.Reply, error), withoutScript ...inbox.Kind) *Processor {
	return &Processor{store: store, decide: decide, withoutScript: withoutScript, busy: map[string]bool{}}
}

// delivery is an event on its way through a batch.
type delivery struct {
	event *inbox.Event
	// arrived is set for an event that names no call, as it is; event is then the same with the call that was found.
	arrived *inbox.Event
	// made says that the call was made of it, and is not kept yet.
	made bool
	hash [sha256.Size]byte
	done chan struct{}
	span trace.Span // of whoever waits for it, nil for nobody
	// replaying is set when an operator asked for it, actor is who.
	replaying *replaying
	actor     string
	// request is the id of the HTTP request that brought it, "" for none.
	request string

	// Set before done is closed, by the one goroutine that settles the batch.
	result  inbox.Result
	row     string // of the event that was accepted or forced, or that this one repeats
	err     error
	decided *Decided // nil when nothing was
}

// key is what the event is about: of one that names no call, Twilio's call.
func (d *delivery) key() string {
	event := d.event
	if d.arrived != nil {
		event = d.arrived
	}
	return cmp.Or(event.Subject, event.CallSid)
}

// Process makes the event take effect once. See [inbox.Processor].
func (p *Processor) Process(ctx context.Context, event *inbox.Event) (inbox.Result, error) {
	for _, text := range []string{event.ID, event.Subject, event.CallSid, event.AccountSid} {
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return inbox.Result{}, inbox.Refuse(400, "Malformed parameter")
		}
	}
	d := &delivery{event: event, hash: event.PayloadHash(), done: make(chan struct{}), span: trace.SpanFromContext(ctx), request: telemetry.RequestID(ctx)}
	if err := p.submit(d); err != nil {
		return inbox.Result{}, err
	}
	select {
	case <-d.done:
		return d.result, d.err
	case <-ctx.Done():
		// The batch goes on: if it commits, the next delivery is answered as a duplicate.
		return inbox.Result{}, fmt.Errorf("waiting for the commit of %s: %w", event.ID, ctx.Err())
	}
}

// oldPayloadHash is what earlier versions stored for [inbox.Event.PayloadHash]. An event that they stored has not changed its
// payload when this one is equal.
func oldPayloadHash(event *inbox.Event) [sha256.Size]byte {
	h := sha256.New()
	h.Write([]byte(event.Subject))
	h.Write([]byte{0})
	h.Write(event.Body)
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	return sum
}

func (p *Processor) submit(d *delivery) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.pending) >= maxPending {
		return errOverloaded
	}
	p.pending = append(p.pending, d)
	p.begin()
	return nil
}

// mayBegin says whether another transaction may begin beside those that run. The fewer run, the more webhooks share a commit.
func (p *Processor) mayBegin() bool {
	return p.active == 0 || p.active < p.store.dialect.batchers && p.secondBatchDue()
}

// secondBatchDue says whether a second transaction should run: when enough webhooks are waiting, or when the first takes long
// and may be waiting for a lock.
func (p *Processor) secondBatchDue() bool {
	return len(p.pending) >= secondBatchAt || time.Since(p.begun) > slowBatch
}

// drain settles batch after batch until nothing is pending, or what is can be left to whoever settles another batch.
func (p *Processor) drain() {
	var batch []*delivery
	for {
		p.mu.Lock()
		for _, d := range batch {
			delete(p.busy, d.key())
		}
		batch = nil
		if p.active == 1 || p.secondBatchDue() {
			batch = p.take()
		}
		if len(batch) == 0 {
			p.active--
			p.mu.Unlock()
			return
		}
		p.begun = time.Now()
		p.mu.Unlock()
		slow := time.AfterFunc(slowBatch+time.Millisecond, p.beginAfterSlowBatch)
		p.settle(batch)
		slow.Stop()
	}
}

// beginAfterSlowBatch begins another transaction if one is due. When a batch is slow and no further webhook arrives, those
// that wait behind it would otherwise wait until it ends.
func (p *Processor) beginAfterSlowBatch() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.begin()
}

// begin begins another transaction if there is something to settle and it may.
func (p *Processor) begin() {
	if len(p.pending) > 0 && p.mayBegin() {
		p.active++
		go p.drain()
	}
}

// take takes the next batch from what is pending. What is about a call of another batch stays, in its order: it would only
// wait for that call's row. Whoever settles that batch will find it.
func (p *Processor) take() (batch []*delivery) {
	subjects := map[string]bool{}
	var left []*delivery
	for _, d := range p.pending {
		if len(batch) == maxBatch || p.busy[d.key()] {
			left = append(left, d)
			continue
		}
		batch = append(batch, d)
		subjects[d.key()] = true
	}
	p.pending = left
	maps.Copy(p.busy, subjects)
	return batch
}

// settle commits a batch. When it cannot be committed as a whole, each event is tried alone, so that one that cannot be
// handled takes no other with it.
func (p *Processor) settle(deliveries []*delivery) {
	ctx, cancel := context.WithTimeout(context.Background(), settleWithin)
	defer cancel()
	err := p.commitInWritableSession(ctx, deliveries)
	// What nobody can write now, nobody can write alone either.
	if err == nil || len(deliveries) == 1 && !madeMeanwhile(err) || inReadOnlySession(err) {
		for _, d := range deliveries {
			if err != nil {
				d.err = err
			}
			p.close(ctx, d)
		}
		return
	}
	for _, d := range deliveries {
		d.reset()
		if err := p.commit(ctx, []*delivery{d}); err != nil {
			d.err = err
		}
		p.close(ctx, d)
	}
}

// commitInWritableSession is commit, once more in a new session when the one it had is left from before a failover and can only read:
// nobody is answered 500 while there is a server that can write.
func (p *Processor) commitInWritableSession(ctx context.Context, deliveries []*delivery) error {
	reset := p.store.reset
	before := reset.count()
	err := p.commit(ctx, deliveries)
	if !reset.renewed(before, err) {
		return err
	}
	for _, d := range deliveries {
		d.reset()
	}
	if err := p.commit(ctx, deliveries); err != nil {
		return err
	}
	reset.wrote()
	return nil
}

// reset forgets what a transaction that failed has set.
func (d *delivery) reset() { d.result, d.row, d.err, d.decided = inbox.Result{}, "", nil, nil }

// close keeps a record of a delivery that was not accepted, then lets it be answered.
func (p *Processor) close(ctx context.Context, d *delivery) {
	defer close(d.done)
	p.tellDecided(d)
	if d.err == nil {
		return
	}
	if d.made { // which was not kept
		d.event = d.arrived
	}
	recording, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	var refusal *inbox.Refusal
	var err error
	if errors.As(d.err, &refusal) {
		err = p.store.recordRefused(recording, d, refusal)
	} else {
		err = p.store.recordFailed(recording, d, d.err)
	}
	if err != nil && refusal == nil {
		d.err = errors.Join(d.err, fmt.Errorf("recording the failure: %w", err))
	}
}

// commit runs the batch in one transaction. A panic of a decision is its error.
func (p *Processor) commit(ctx context.Context, deliveries []*delivery) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fault.Panicked(r, debug.Stack())
		}
	}()
	ctx, span := startBatch(ctx, deliveries)
	defer func() { endBatch(span, err) }()
	return p.store.write(ctx, func(tx *Tx) error {
		b := p.newBatch(tx, deliveries)
		return b.run(ctx)
	})
}
