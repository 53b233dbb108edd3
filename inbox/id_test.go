package inbox_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/i-agent/iagent/inbox"
)

func TestEventsOfOneCallKeepDifferentIDs(t *testing.T) {
	for _, tc := range []struct {
		kind        inbox.Kind
		form, query string
		want        string
	}{
		{inbox.KindVoice, "CallSid=CA1", "", "CA1:voice"},
		{inbox.KindVoice, "CallSid=CA1", "attempt=2", "CA1:voice"},
		{inbox.KindStatus, "CallSid=CA1&CallStatus=initiated", "", "CA1:status:initiated"},
		{inbox.KindStatus, "CallSid=CA1&CallStatus=completed", "", "CA1:status:completed"},
		{inbox.KindRecording, "CallSid=CA1&RecordingSid=RE1&RecordingStatus=in-progress", "", "CA1:recording:RE1:in-progress"},
		{inbox.KindRecording, "CallSid=CA1&RecordingSid=RE1&RecordingStatus=completed", "", "CA1:recording:RE1"},
		{inbox.KindRecording, "CallSid=CA1&RecordingSid=RE1", "", "CA1:recording:RE1"},
		{inbox.KindRecording, "CallSid=CA1&RecordingSid=RE1&RecordingStatus=absent", "", "CA1:recording:RE1"},
		{inbox.KindRecording, "CallSid=CA1&RecordingSid=RE1&RecordingStatus=failed", "", "CA1:recording:RE1"},
		{inbox.KindRecording, "CallSid=CA1&RecordingSid=RE1&RecordingStatus=processing", "", "CA1:recording:RE1:processing"},
		{inbox.KindGather, "CallSid=CA1", "", "CA1:gather"},
		{inbox.KindGather, "CallSid=CA1", "attempt=1", "CA1:gather"},
		{inbox.KindGather, "CallSid=CA1", "attempt=2", "CA1:gather:2"},
		{inbox.KindGather, "CallSid=CA1", "attempt=03", "CA1:gather:3"},
		{inbox.KindMessage, "MessageSid=SM1&SmsSid=SM1&SmsStatus=received&Body=hi", "", "SM1:message"},
		{inbox.KindMessage, "SmsSid=SM1&Body=hi", "", "SM1:message"},
		{inbox.KindMessage, "MessageSid=SM1&Body=hi", "attempt=2", "SM1:message:2"},
		{inbox.KindMessageStatus, "MessageSid=SM1&SmsSid=SM1&MessageStatus=sent&SmsStatus=sent", "", "SM1:message-status:sent"},
		{inbox.KindMessageStatus, "MessageSid=SM1&MessageStatus=delivered&RawDlrDoneDate=2611261200", "", "SM1:message-status:delivered"},
		{inbox.KindMessageStatus, "SmsSid=SM1&SmsStatus=undelivered", "", "SM1:message-status:undelivered"},
		{inbox.KindVerify, "uuid=f1a2&type=challenge.approved&factor_sid=YF1&challenge_sid=YC1", "", "f1a2:verify:challenge.approved"},
		{inbox.KindStudio, "ExecutionSid=FN1&Widget=order_status", "", "FN1:studio:order_status"},
		{inbox.KindStudio, "ExecutionSid=FN1&Widget=order_status", "attempt=2", "FN1:studio:order_status:2"},
		{inbox.KindConversation, "EventType=onConversationAdded&ConversationSid=CH1", "", "CH1:conversation:onConversationAdded"},
		{inbox.KindConversation, "EventType=onConversationRemoved&ConversationSid=CH1", "", "CH1:conversation:onConversationRemoved"},
		{inbox.KindConversation, "EventType=onConversationUpdated&ConversationSid=CH1&DateUpdated=2026-03-01T12:00:00.000Z", "",
			"CH1:conversation:onConversationUpdated:2026-03-01T12:00:00.000Z"},
		{inbox.KindConversation, "EventType=onConversationStateUpdated&ConversationSid=CH1&StateTo=closed&StateUpdated=2026-03-01T12:00:00.000Z", "",
			"CH1:conversation:onConversationStateUpdated:2026-03-01T12:00:00.000Z"},
		{inbox.KindConversation, "EventType=onMessageAdded&ConversationSid=CH1&MessageSid=IM1&ParticipantSid=MB1", "", "IM1:conversation:onMessageAdded"},
		{inbox.KindConversation, "EventType=onMessageUpdated&ConversationSid=CH1&MessageSid=IM1&DateUpdated=2026-03-01T12:00:00Z", "",
			"IM1:conversation:onMessageUpdated:2026-03-01T12:00:00Z"},
		{inbox.KindConversation, "EventType=onMessageRemoved&ConversationSid=CH1&MessageSid=IM1", "", "IM1:conversation:onMessageRemoved"},
		{inbox.KindConversation, "EventType=onParticipantAdded&ConversationSid=CH1&ParticipantSid=MB1", "", "MB1:conversation:onParticipantAdded"},
		{inbox.KindConversation, "EventType=onParticipantUpdated&ParticipantSid=MB1&DateUpdated=1", "", "MB1:conversation:onParticipantUpdated:1"},
		{inbox.KindConversation, "EventType=onDeliveryUpdated&MessageSid=IM1&DeliveryReceiptSid=DY1&Status=read", "", "DY1:conversation:onDeliveryUpdated:read"},
		{inbox.KindConversation, "EventType=onUserAdded&UserSid=US1", "", "US1:conversation:onUserAdded"},
		{inbox.KindConversation, "EventType=onUserUpdated&UserSid=US1&DateUpdated=1", "", "US1:conversation:onUserUpdated:1"},
	} {
		got, err := inbox.ID(tc.kind, values(t, tc.form), values(t, tc.query))
		if err != nil || got != tc.want {
			t.Errorf("ID(%s, %q, %q) = %q, %v; want %q", tc.kind, tc.form, tc.query, got, err, tc.want)
		}
	}
}

func TestIncompleteCallbackIsRefusedByName(t *testing.T) {
	for _, tc := range []struct {
		kind        inbox.Kind
		form, query string
		want        string
	}{
		{inbox.KindVoice, "", "CallSid=CA1", "Missing CallSid"},
		{inbox.KindStatus, "CallStatus=ringing", "", "Missing CallSid"},
		{inbox.KindStatus, "CallSid=CA1", "", "Missing CallStatus"},
		{inbox.KindRecording, "CallSid=CA1", "", "Missing RecordingSid"},
		{inbox.KindVoice, "CallSid=CA%001", "", "Invalid CallSid"},
		{inbox.KindVoice, "CallSid=CA1:status", "", "Invalid CallSid"},
		{inbox.KindVoice, "CallSid=" + strings.Repeat("A", 65), "", "Invalid CallSid"},
		{inbox.KindStatus, "CallSid=CA1&CallStatus=%ff", "", "Invalid CallStatus"},
		{inbox.KindRecording, "CallSid=CA1&RecordingSid=RE1&RecordingStatus=a:b", "", "Invalid RecordingStatus"},
		{inbox.KindGather, "CallSid=CA1", "attempt=two", "Invalid attempt"},
		{inbox.KindGather, "CallSid=CA1", "attempt=0", "Invalid attempt"},
		{inbox.KindMessage, "CallSid=CA1", "", "Missing MessageSid"},
		{inbox.KindMessageStatus, "SmsSid=SM1", "", "Missing MessageStatus"},
		{inbox.KindVerify, "type=challenge.denied", "", "Missing uuid"},
		{inbox.KindVerify, "uuid=1", "", "Missing type"},
		{inbox.KindStudio, "FlowSid=FW1", "", "Missing ExecutionSid"},
		{inbox.KindStudio, "ExecutionSid=FN1&Widget=a:b", "", "Invalid Widget"},
		{inbox.KindConversation, "ConversationSid=CH1", "", "Missing EventType"},
		{inbox.KindConversation, "EventType=onMessageUpdated&MessageSid=IM1", "", "Missing DateUpdated"},
		{inbox.KindConversation, "EventType=onMessageUpdated&MessageSid=IM1&DateUpdated=a+b", "", "Invalid DateUpdated"},
		{inbox.KindConversation, "EventType=onMessageAdded&ConversationSid=CH1", "", "Missing MessageSid"},
	} {
		_, err := inbox.ID(tc.kind, values(t, tc.form), values(t, tc.query))
		var refusal *inbox.Refusal
		if !errors.As(err, &refusal) || refusal.Status != 400 || refusal.Reason != tc.want {
			t.Errorf("ID(%s, %q, %q): %v, want 400 %s", tc.kind, tc.form, tc.query, err, tc.want)
		}
	}
}

func TestKindWithoutARuleIsAFaultOfTheProgram(t *testing.T) {
	for kind, form := range map[inbox.Kind]string{"amd": "CallSid=CA1", inbox.KindConversation: "EventType=onMessageAdd&ConversationSid=CH1"} {
		_, err := inbox.ID(kind, values(t, form), nil)
		var refusal *inbox.Refusal
		if err == nil || errors.As(err, &refusal) {
			t.Errorf("ID of %s %s: %v, want a plain error", kind, form, err)
		}
	}
}

func values(t *testing.T, encoded string) url.Values {
	t.Helper()
	v, err := url.ParseQuery(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
