package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/ratelimit"
	"github.com/i-agent/iagent/internal/rejection"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/telemetry"
	"github.com/i-agent/iagent/internal/webhook"
	"github.com/i-agent/iagent/signature"
)

// openRejections makes the keeper of requests that are refused unverified.
func (a *App) openRejections() error {
	a.clientIP = ratelimit.NewClientIP(a.settings.proxies)
	prefix := publicPath(a.settings.baseURL)
	explainer, err := rejection.NewExplainer(rejection.Settings{
		BaseURL: a.settings.baseURL, Tokens: a.settings.tokens, AccountTokens: a.settings.accountTokens, AccountSid: a.settings.AccountSid,
		Accounts: a.settings.accounts, Paths: webhookPaths(a.versions()), Kinds: webhook.Kinds(a.versions()), Redact: telemetry.Redact(a.settings.Secrets()...).Text,
		Cut: func(target string) string {
			if cut, ok := cutPath(target, prefix); ok {
				return cut
			}
			return target
		},
	})
	if err != nil {
		return fmt.Errorf("reading the signature settings: %w", err)
	}
	a.rejections = rejection.NewKeeper(rejection.Config{
		Store: a.store, Explainer: explainer, Counted: a.telemetry.Rejection, Now: a.options.Now,
		Logged: func(ctx context.Context, r *store.Rejection) {
			a.counted.Log(ctx, slog.LevelWarn, "rejection:"+r.Cause, "webhook refused: "+r.Summary,
				slog.Int("status", r.Status), slog.String("kind", r.Kind), slog.String("client", r.Client), slog.String("rejection", r.ID))
		},
		Faulted: func(ctx context.Context, doing string, err error) {
			a.counted.Log(ctx, slog.LevelWarn, doing, doing, slog.Any("error", err))
		},
	})
	return nil
}

// keepRejection is the OnRejection of the webhooks.
func (a *App) keepRejection(r *inbox.Rejection) {
	a.rejections.Offer(r.Request.Context(), rejection.NewRequest(r, a.clientIP(r.Request)))
}

// unknownAccount says whether an account that a request claims has no token here. Without the name of the main account nobody
// can say that.
func (a *App) unknownAccount(sid string) bool {
	return sid != "" && len(a.settings.accounts) > 0 && !slices.Contains(a.settings.accounts, sid)
}

var errUnknownWebhook = errors.New("no such webhook")

// unknownWebhook answers what was sent to a path below the webhooks' that is none.
func (a *App) unknownWebhook(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, inbox.DefaultMaxBody+1))
	refused := &inbox.Rejection{Request: r, Status: http.StatusNotFound, Err: errUnknownWebhook, Body: body, Incomplete: err != nil, ReceivedAt: a.now().UTC()}
	if len(body) > inbox.DefaultMaxBody {
		refused.Body, refused.Incomplete = body[:inbox.DefaultMaxBody], true
	}
	a.keepRejection(refused)
	inbox.WriteError(w, http.StatusNotFound, "Not found")
}

// exceptWebhooks serves next to everybody but Twilio: what has its signature was meant for a webhook, at whatever path it came, and
// so was what came at the path of a version that is not served. Twilio would take the 401 of the API as a request for credentials.
func (a *App) exceptWebhooks(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		signed := r.Header.Get(signature.Header) != "" && r.Header.Get("Authorization") == ""
		if signed || otherVersion.MatchString(r.URL.Path) {
			a.unknownWebhook(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// withoutRedirects serves next but for webhooks with a path that a mux would clean by a redirect: Twilio would follow it to a URL
// that it did not sign.
func (a *App) withoutRedirects(next http.Handler) http.Handler {
	folders := webhookPaths(a.versions())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if clean := path.Clean(r.URL.Path); strings.TrimSuffix(r.URL.Path, "/") != clean {
			if slices.ContainsFunc(folders, func(folder string) bool { return strings.HasPrefix(clean, folder) }) {
				a.unknownWebhook(w, r)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}
