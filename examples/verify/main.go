// Command verify is the smallest receiver of Twilio webhooks that verifies each
// request, and answers the genuine ones with TwiML.
//
//	APP_URL=https://your.public.host TWILIO_AUTH_TOKEN=... go run ./examples/verify
//
// Point a number's voice webhook at APP_URL/voice. TWILIO_AUTH_TOKEN_SECONDARY is a second token that is accepted, none by default;
// ADDR is where it listens, 127.0.0.1:3000 by default.
package main

import (
	"cmp"
	"io"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/i-agent/iagent/signature"
)

func main() {
	tokens := []string{os.Getenv("TWILIO_AUTH_TOKEN")}
	if secondary := os.Getenv("TWILIO_AUTH_TOKEN_SECONDARY"); secondary != "" {
		tokens = append(tokens, secondary)
	}
	verifier, err := signature.New(signature.Config{
		URL:    os.Getenv("APP_URL"),
		Tokens: tokens,
		OnReject: func(w http.ResponseWriter, r *http.Request, err error) {
			log.Print(err) // says why, never with which secret
			signature.Reject(w, r, err)
		},
	})
	if err != nil {
		log.Fatalf("APP_URL or TWILIO_AUTH_TOKEN: %v", err)
	}

	mux := http.NewServeMux()
	mux.Handle("POST /voice", verifier.Middleware(http.HandlerFunc(greet)))
	server := &http.Server{
		Addr:              cmp.Or(os.Getenv("ADDR"), "127.0.0.1:3000"),
		Handler:           mux,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
	}
	log.Printf("listening on %s", server.Addr)
	log.Fatal(server.ListenAndServe())
}

func greet(w http.ResponseWriter, r *http.Request) {
	if match, ok := signature.FromContext(r.Context()); ok && match.Token > 0 {
		log.Printf("verified with token %d: promote it, or drop the old one", match.Token+1)
	}
	w.Header().Set("Content-Type", "text/xml")
	_, _ = io.WriteString(w, `<Response><Say>This request is verified.</Say></Response>`)
}
