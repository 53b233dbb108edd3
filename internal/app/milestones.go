package app

import (
	"context"
	"log/slog"
	"strings"

	"github.com/i-agent/iagent/internal/interview"
)

// logMilestone writes the line of a step in the life of a call. The store calls it after the commit, once for each step.
func (a *App) logMilestone(m interview.Milestone) {
	if m.Kind == interview.MilestoneCircuitOpen {
		a.telemetry.CircuitOpened()
	}
	ctx := context.Background()
	if m.Kind == interview.MilestoneOptedOut && !m.Call.Simulated {
		a.telemetry.OptedOut()
	}
	if !a.log.Enabled(ctx, slog.LevelInfo) {
		return
	}
	attrs := make([]slog.Attr, 0, 12)
	add := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, value))
		}
	}
	c := m.Call
	if c.Simulated {
		attrs = append(attrs, slog.Bool("simulated", true))
	}
	add("call", c.ID)
	if c.PhoneNumber != "" {
		add(numberRole(c), interview.MaskPhoneNumber(c.PhoneNumber))
	}
	switch m.Kind {
	case interview.MilestoneDialled, interview.MilestoneCameIn:
		add("sid", c.TwilioSid)
		add("campaign", c.CampaignID)
	case interview.MilestoneAnswered:
		add("by", string(c.AnsweredBy))
	case interview.MilestoneConsent:
		add("consent", string(c.Consent))
		add("by", string(c.ConsentBy))
	case interview.MilestoneEnded:
		add("status", string(c.Status))
		if c.Duration != nil {
			attrs = append(attrs, slog.Int("seconds", *c.Duration))
		}
		if c.ErrorCode != 0 {
			attrs = append(attrs, slog.Int("code", c.ErrorCode))
		}
	case interview.MilestoneTranscribed:
		add("recording", m.Recording)
		attrs = append(attrs, slog.Int("utterances", m.Count))
	case interview.MilestoneClaims:
		add("recording", m.Recording)
		attrs = append(attrs, slog.Int("claims", m.Count), slog.Int("rejected", m.Rejected))
	case interview.MilestoneJudged:
		v := m.Verdict
		add("hypothesis", v.HypothesisID)
		add("verdict", string(v.Status))
		attrs = append(attrs, slog.Int("claims", v.Claims), slog.Int("calls", v.Calls))
		add("of", strings.Join(m.Calls, ","))
	case interview.MilestoneCanceled, interview.MilestoneCircuitOpen, interview.MilestoneCircuitClosed:
		add("campaign", m.CampaignID)
		attrs = append(attrs, slog.Int("calls", m.Count))
	}
	add("event", m.Event)
	add("run", m.Run)
	add("request", m.Request)
	a.log.LogAttrs(ctx, slog.LevelInfo, string(m.Kind), attrs...)
}

// numberRole is what the person's number is in a call.
func numberRole(c interview.Call) string {
	if c.Inbound() {
		return "from"
	}
	return "to"
}
