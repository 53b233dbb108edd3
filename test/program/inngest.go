package program

import (
	"testing"

	"github.com/i-agent/iagent/internal/testserver/inngest"
)

// NewInngest starts a self-hosted Inngest that ends with the test, with the URL of a server as its --sdk-url; at says where that
// answers, each time that it is asked for, and "" while there is none.
func NewInngest(t testing.TB, at func() string) *inngest.Local {
	i := inngest.Start(at)
	t.Cleanup(i.Close)
	return i
}
