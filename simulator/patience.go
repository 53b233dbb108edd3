package simulator

import (
	"context"
	"io"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// patience is how long one HTTP exchange may take: ct for the connection, then rt from the sending of the request to the
// first packet of the answer, and again between packets (Twilio: Webhooks connection overrides).
type patience struct {
	read      time.Duration
	timer     *time.Timer
	cancel    context.CancelFunc
	connected atomic.Bool
	lost      atomic.Bool
}

// newPatience returns the context of an exchange. A transport that tells nothing of its connections gets both times together.
func newPatience(ctx context.Context, policy overrides) (context.Context, *patience) {
	p := &patience{read: policy.read}
	ctx, p.cancel = context.WithCancel(context.WithValue(ctx, connectTimeout{}, policy.connect))
	p.timer = time.AfterFunc(policy.connect+policy.read, func() {
		p.lost.Store(true)
		p.cancel()
	})
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { p.timer.Reset(policy.connect) },
		GotConn: func(httptrace.GotConnInfo) {
			p.connected.Store(true)
			p.again()
		},
		WroteRequest:         func(httptrace.WroteRequestInfo) { p.again() },
		GotFirstResponseByte: p.again,
	}), p
}

// again begins rt anew, unless it is over.
func (p *patience) again() {
	if !p.lost.Load() {
		p.timer.Reset(p.read)
	}
}

func (p *patience) stop() {
	p.timer.Stop()
	p.cancel()
}

// reading is an answer's body, each piece of which has rt to arrive.
func (p *patience) reading(body io.Reader) io.Reader { return patientReader{body, p} }

type patientReader struct {
	io.Reader
	patience *patience
}

func (r patientReader) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	r.patience.again()
	return n, err
}
