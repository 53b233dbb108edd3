package simulator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Simulator is a Twilio of one account. It keeps all calls and messages in memory, for as long as it exists.
type Simulator struct {
	config Config
	seed   seed
	mux    *http.ServeMux
	send   http.RoundTripper
	slots  chan struct{} // one token per call or message that is under way

	mu         sync.Mutex
	closed     bool
	calls      []*call // in order of creation
	bySid      map[string]*call
	dialled    map[string]int // calls so far, by number
	calledIn   map[string]int // calls so far of people who called, by their number
	numbers    map[string]Number
	optOuts    map[string]optOut // of people of whom the application heard it, by their number
	callsEnded int
	recordings map[string]*recording

	messages          []*message // in order of creation
	messageBySid      map[string]*message
	texted            map[string]int // messages so far that a request or Text created, by the person's number
	messagesEnded     int
	conversations     map[string]*conversation
	conversationsOpen int

	leaves   time.Time // when the next call leaves the queue, at the earliest
	second   time.Time // the present second of REST requests, and how many there were in it
	inSecond int

	asked       map[string]int          // REST requests so far, by what they are about
	counts      map[Fault]int           // of faults that are no deliveries
	lostAnswers map[string]lostAnswer   // what was created but answered wrongly on purpose, by whom it is for
	repeats     map[string][]string     // what was asked for again afterwards, by the rule that this breaks
	refused     func(token string) bool // nil unless credentials are refused
	tokens      accountTokens

	log      []Delivery
	entries  []DebuggerEntry
	inFlight int           // calls and messages
	idle     chan struct{} // closed while none is in flight
}

// Config says which account this is and how the simulator behaves. Only the first two fields are required.
type Config struct {
	AccountSid string // user name of REST requests
	AuthToken  string // their password, and the key of webhook signatures

	Seed uint64 // decides everything that is left to chance
	// Run is part of all SIDs and idempotency tokens, and of nothing else. With another Run the same seed plays the same
	// calls under other SIDs, so that an application that has seen them does not take them for duplicates.
	Run    string
	Faults Faults
	// OldToken is the account's other token in the middle of a rotation: some webhooks are signed with it if Faults
	// says so, and REST requests may use it. Empty means that nothing is being rotated.
	OldToken string
	// PromotionLag is how many webhooks and REST requests after [Simulator.PromoteToken] may still meet a part of Twilio that works
	// with the tokens from before it. Which of them do is left to chance.
	PromotionLag int
	// Account is what the REST API says of the account.
	Account Account
	// MarksDuplicates says that the application marks its answer to every duplicate: with the header
	// X-Webhook-Duplicate: true, or in JSON with "duplicate": true. If it is not set, the first marked answer tells.
	MarksDuplicates bool

	// Numbers are those that calls and messages may come from; none means any (else errors 21210 and 21606).
	Numbers []string
	// Pick returns the script of a person for the n-th call (from 0) to their number, and for their messages (n is 0); nil is
	// MixedPeople().Pick(Seed).
	Pick func(to string, n int) Script
	// Messaging is the messaging webhook of the account's numbers: it is asked when a person answers a message.
	Messaging Messaging
	// Channels is the order of the speakers in dual-channel recordings.
	Channels ChannelOrder

	// OpenAIKey is the bearer token that the /v1 endpoints require; empty means none.
	OpenAIKey string
	// Model answers chat requests, such as [MinimalModel]; without one each is answered 501.
	Model func(ctx context.Context, request ChatRequest) (string, error)

	// Transport, if set, sends the webhooks, for example to a local listener instead of a public URL. The default one honours
	// "ct".
	Transport http.RoundTripper
	// KeepPort signs https callbacks of calls with their port. Twilio leaves it out (Twilio: Webhooks security).
	KeepPort bool
	// BaseURL is where the application reaches the simulator, for the recordings of calls that [Simulator.Place]
	// started. Those that were created over REST have the URL of that request.
	BaseURL string
	// Concurrency is how many calls and messages are under way at once; others stay queued. 0 means 32.
	Concurrency int
	// CallsPerSecond is how many calls that were created over REST leave the account's queue in a second of their time, where they are
	// queued; 0 is no limit. Twilio's is 1 unless more was agreed (Twilio: Call resource).
	CallsPerSecond float64
	// RequestsPerSecond is how many REST requests are answered in a second of [Config.Now]; the others are refused with 429 and code 20429.
	// 0 is no limit.
	RequestsPerSecond int
	// RetryPause is the real time between two attempts of a webhook; Twilio documents none.
	RetryPause time.Duration

	// Slowness is the real time that the faults slow-reader and slow-sender take; 0 means 100 ms.
	Slowness time.Duration
	// Hang is the real time for which a REST request that times out is left without an answer, before the
	// connection breaks; 0 means 2 s.
	Hang time.Duration

	// Speed is how many times faster than real time a call runs; 0 does not wait at all.
	Speed float64
	// Grace is the real time for which a call waits, after its answering machine callback was answered, for
	// the application to change it over REST. Without it a call is over before anybody can.
	Grace time.Duration
	// Now is when a call that is created begins; nil is time.Now. From there its timeline is virtual.
	Now func() time.Time
	// Clock, if set, is the time of all calls and messages, so that they take place at once as they would in real time, and is
	// moved by whoever holds it. Then there is no Speed, no Now, no Grace and no limit by Concurrency.
	Clock *Clock
}

// ChannelOrder is who is on which channel of a dual-channel recording. Twilio's documentation and observations disagree, so
// an application must measure it.
type ChannelOrder int

// The orders of channels.
const (
	ChannelsSeeded       ChannelOrder = iota // drawn for each call
	ChannelsPersonFirst                      // channel 1 is the person called, as observed of calls made over REST
	ChannelsPersonSecond                     // channel 2 is the person called, as documented
)

// New makes a simulator. It starts no goroutines: those of a call or message start when it is created.
func New(config Config) (*Simulator, error) {
	var faults []error
	if config.AccountSid == "" {
		faults = append(faults, errors.New("AccountSid is empty"))
	}
	if config.AuthToken == "" {
		faults = append(faults, errors.New("AuthToken is empty: it authenticates REST requests and signs webhooks"))
	}
	if err := config.Faults.check(); err != nil {
		faults = append(faults, err)
	}
	if config.CallsPerSecond < 0 || config.RequestsPerSecond < 0 {
		faults = append(faults, errors.New("a number of calls or requests per second cannot be negative"))
	}
	if config.Speed < 0 {
		faults = append(faults, fmt.Errorf("factor Speed is %v: it cannot be negative", config.Speed))
	}
	if config.Clock != nil && (config.Speed != 0 || config.Now != nil) {
		faults = append(faults, errors.New("with a Clock there is no Speed and no Now: it says both"))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("configuring the simulator: %w", err)
	}
	if config.Pick == nil {
		config.Pick = MixedPeople().Pick(config.Seed)
	}
	if config.Concurrency <= 0 {
		config.Concurrency = 32
	}
	if config.Clock != nil {
		config.Now = config.Clock.Now
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Slowness <= 0 {
		config.Slowness = defaultSlowness
	}
	if config.Hang <= 0 {
		config.Hang = defaultHang
	}
	s := &Simulator{
		config: config, seed: seed(config.Seed), send: config.Transport, slots: make(chan struct{}, config.Concurrency),
		bySid: map[string]*call{}, dialled: map[string]int{}, calledIn: map[string]int{}, numbers: map[string]Number{}, optOuts: map[string]optOut{}, recordings: map[string]*recording{},
		messageBySid: map[string]*message{}, texted: map[string]int{}, conversations: map[string]*conversation{},
		asked: map[string]int{}, counts: map[Fault]int{}, lostAnswers: map[string]lostAnswer{}, repeats: map[string][]string{},
		idle: make(chan struct{}), tokens: accountTokens{primary: config.AuthToken, secondary: config.OldToken},
	}
	close(s.idle)
	if s.send == nil {
		s.send = newTransport(config.Concurrency)
	}
	s.mux = s.routes()
	return s, nil
}

// ServeHTTP serves Twilio's REST API below /2010-04-01 and the models below /v1.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Wait returns once no call and no message is in flight: each that was created is over, and all its callbacks were delivered or
// given up. What is created later is not waited for.
func (s *Simulator) Wait(ctx context.Context) error {
	for {
		s.mu.Lock()
		idle, busy := s.idle, s.inFlight
		s.mu.Unlock()
		if busy == 0 {
			return nil
		}
		select {
		case <-idle:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %d calls and messages: %w", busy, context.Cause(ctx))
		}
	}
}

// Progress is how far a run has come.
type Progress struct {
	Calls    int // created so far
	Ended    int // of those, over, with all their callbacks delivered
	Webhooks int // delivery attempts so far

	Messages           int // created so far, in both directions
	MessagesEnded      int // of those, over, with all their callbacks delivered
	Conversations      int // of a person and a number
	ConversationsEnded int // of those, without a message that is not over
}

// Progress returns how far the run has come. It costs little, so it may be called many times a second.
func (s *Simulator) Progress() Progress {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Progress{Calls: len(s.calls), Ended: s.callsEnded, Webhooks: len(s.log), Messages: len(s.messages), MessagesEnded: s.messagesEnded,
		Conversations: len(s.conversations), ConversationsEnded: len(s.conversations) - s.conversationsOpen}
}

// Close refuses new calls and messages, cuts those in flight short and returns when nothing runs any more.
func (s *Simulator) Close() error {
	s.mu.Lock()
	s.closed = true
	for _, c := range s.calls {
		c.cancel()
	}
	for _, m := range s.messages {
		m.cancel()
	}
	s.mu.Unlock()
	err := s.Wait(context.Background())
	if t, ok := s.send.(*http.Transport); ok && s.config.Transport == nil {
		t.CloseIdleConnections()
	}
	return err
}

// begin counts a call or a message as in flight; the caller holds mu.
func (s *Simulator) begin() {
	if s.inFlight == 0 {
		s.idle = make(chan struct{})
	}
	s.inFlight++
}

// finish counts a call or a message as over.
func (s *Simulator) finish(count func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	count()
	if s.inFlight--; s.inFlight == 0 {
		close(s.idle)
	}
}

type connectTimeout struct{}

// newTransport returns a transport that keeps enough connections for all calls and their concurrent duplicates, and gives up
// connecting after "ct".
func newTransport(calls int) *http.Transport {
	return &http.Transport{
		MaxIdleConnsPerHost: 2 * calls,
		IdleConnTimeout:     30 * time.Second,
		DisableCompression:  true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			timeout, _ := ctx.Value(connectTimeout{}).(time.Duration)
			return (&net.Dialer{Timeout: timeout}).DialContext(ctx, network, address)
		},
	}
}
