package webrtc

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/parleyrtc/webrtc/pkg/rtcerr"
)

// An enumCase is what programs for the pion API see of an enum: the names in
// the order of the values, measured on pion/webrtc v4.2.20, and the JSON form.
type enumCase struct {
	name  string
	names []string // String of the values 0, 1, 2, …
	// text says that JSON has the name; otherwise it has the number.
	text bool
	// str, marshal and unmarshal work on the value with the given number.
	str       func(v int) string
	marshal   func(v int) ([]byte, error)
	unmarshal func(text string) (int, error)
}

func caseOf[E enumeration](name string, text bool, str func(E) string, names ...string) enumCase {
	return enumCase{
		name: name, names: names, text: text,
		str:     func(v int) string { return str(E(v)) },
		marshal: func(v int) ([]byte, error) { return json.Marshal(E(v)) },
		unmarshal: func(text string) (int, error) {
			out := E(2) // stays where nothing is to be changed
			err := json.Unmarshal([]byte(text), &out)
			return int(out), err
		},
	}
}

func enumCases() []enumCase {
	return []enumCase{
		caseOf("SDPType", true, SDPType.String, "unknown", "offer", "pranswer", "answer", "rollback"),
		caseOf("SignalingState", false, SignalingState.String, "unknown", "stable", "have-local-offer", "have-remote-offer", "have-local-pranswer", "have-remote-pranswer", "closed"),
		caseOf("ICEConnectionState", false, ICEConnectionState.String, "unknown", "new", "checking", "connected", "completed", "disconnected", "failed", "closed"),
		caseOf("ICEGatheringState", false, ICEGatheringState.String, "unknown", "new", "gathering", "complete"),
		caseOf("ICEGathererState", false, ICEGathererState.String, "unknown", "new", "gathering", "complete", "closed"),
		caseOf("ICETransportState", true, ICETransportState.String, "unknown", "new", "checking", "connected", "completed", "failed", "disconnected", "closed"),
		caseOf("ICERole", true, ICERole.String, "unknown", "controlling", "controlled"),
		caseOf("ICEProtocol", false, ICEProtocol.String, "unknown", "udp", "tcp"),
		caseOf("ICEComponent", false, ICEComponent.String, "unknown", "rtp", "rtcp"),
		caseOf("ICECandidateType", true, ICECandidateType.String, "unknown", "host", "srflx", "prflx", "relay"),
		caseOf("ICECredentialType", true, ICECredentialType.String, "password", "oauth"),
		caseOf("ICETransportPolicy", true, ICETransportPolicy.String, "all", "relay", "nohost"),
		caseOf("ICETrickleCapability", false, ICETrickleCapability.String, "unknown", "supported", "unsupported"),
		caseOf("NetworkType", false, NetworkType.String, "unknown", "udp4", "udp6", "tcp4", "tcp6"),
		caseOf("PeerConnectionState", false, PeerConnectionState.String, "unknown", "new", "connecting", "connected", "disconnected", "failed", "closed"),
		caseOf("DTLSRole", false, DTLSRole.String, "unknown", "auto", "client", "server"),
		caseOf("DTLSTransportState", true, DTLSTransportState.String, "unknown", "new", "connecting", "connected", "closed", "failed"),
		caseOf("DataChannelState", true, DataChannelState.String, "unknown", "connecting", "open", "closing", "closed"),
		caseOf("SCTPTransportState", false, SCTPTransportState.String, "unknown", "connecting", "connected", "closed"),
		caseOf("BundlePolicy", true, BundlePolicy.String, "unknown", "balanced", "max-compat", "max-bundle"),
		caseOf("RTCPMuxPolicy", true, RTCPMuxPolicy.String, "unknown", "negotiate", "require"),
		caseOf("SDPSemantics", true, SDPSemantics.String, "unified-plan", "plan-b", "unified-plan-with-fallback"),
		caseOf("RTPCodecType", false, RTPCodecType.String, "unknown", "audio", "video"),
		// The last one is this library's: a stopped transceiver's direction.
		caseOf("RTPTransceiverDirection", false, RTPTransceiverDirection.String, "unknown", "sendrecv", "sendonly", "recvonly", "inactive", "stopped"),
	}
}

func TestEnumNames(t *testing.T) {
	for _, c := range enumCases() {
		for v, want := range c.names {
			if got := c.str(v); got != want {
				t.Errorf("%s %d is %q, want %q", c.name, v, got, want)
			}
		}
		for _, v := range []int{-1, len(c.names), 200} {
			if got := c.str(v); got != "unknown" {
				t.Errorf("%s %d is %q, want \"unknown\"", c.name, v, got)
			}
		}
	}
}

func TestEnumJSON(t *testing.T) {
	for _, c := range enumCases() {
		for v, name := range c.names {
			b, err := c.marshal(v)
			if err != nil {
				t.Errorf("%s %s: %v", c.name, name, err)
				continue
			}
			var got any
			if err := json.Unmarshal(b, &got); err != nil {
				t.Fatal(err)
			}
			if c.text && got != name || !c.text && got != float64(v) {
				t.Errorf("%s %s is %s in JSON", c.name, name, b)
			}
			if name == "unknown" {
				continue // what reading it does differs from enum to enum
			}
			if back, err := c.unmarshal(string(b)); err != nil || back != v {
				t.Errorf("%s: %s is read as %d (%v), want %d", c.name, b, back, err, v)
			}
		}
	}
}

// A missing or foreign name: what comes out, and whether it is an error.
func TestEnumJSONOfForeignNames(t *testing.T) {
	const kept = 2 // the value before
	for _, c := range []struct {
		enum, text string
		want       int
		fails      bool
	}{
		{"SDPType", `"OFFER"`, int(SDPTypeOffer), false},
		{"SDPType", `"bogus"`, kept, true},
		{"SDPType", `"unknown"`, kept, true},
		{"SDPType", `""`, kept, true},
		{"SDPType", `null`, kept, true},
		{"SDPType", `3`, kept, true},
		{"ICECredentialType", `"bogus"`, kept, true},
		{"ICECredentialType", `""`, kept, true},
		{"ICETransportPolicy", `""`, 0, false},
		{"ICETransportPolicy", `null`, 0, false},
		{"BundlePolicy", `null`, 0, false},
		{"BundlePolicy", `"unknown"`, 0, false},
		{"RTCPMuxPolicy", `"unknown"`, 0, false},
		{"SDPSemantics", `""`, 0, false},
		// pion takes these for the default; WebIDL refuses them.
		{"ICETransportPolicy", `"Relay"`, kept, true},
		{"BundlePolicy", `"bogus"`, kept, true},
		{"RTCPMuxPolicy", `"bogus"`, kept, true},
		{"SDPSemantics", `"bogus"`, kept, true},
		{"BundlePolicy", `3`, kept, true},
		// States that a later version may add are no reason to refuse a report.
		{"ICETransportState", `"bogus"`, 0, false},
		{"DTLSTransportState", `"bogus"`, 0, false},
		{"DataChannelState", `""`, 0, false},
		{"ICERole", `"unknown"`, 0, false},
		{"ICECandidateType", `"bogus"`, 0, true},
	} {
		for _, e := range enumCases() {
			if e.name != c.enum {
				continue
			}
			got, err := e.unmarshal(c.text)
			if got != c.want || (err != nil) != c.fails {
				t.Errorf("%s from %s: %d, %v; want %d, error %v", c.enum, c.text, got, err, c.want, c.fails)
			}
		}
	}
}

func TestEnumErrorsAreTyped(t *testing.T) {
	var typeError *rtcerr.TypeError
	var policy ICETransportPolicy
	if err := json.Unmarshal([]byte(`"relays"`), &policy); !errors.As(err, &typeError) {
		t.Errorf("a foreign policy: %v, want a TypeError", err)
	}
	var sdpType SDPType
	if err := json.Unmarshal([]byte(`"bogus"`), &sdpType); !errors.As(err, &typeError) || !errors.Is(err, ErrUnknownType) {
		t.Errorf("a foreign SDPType: %v, want a TypeError that matches ErrUnknownType", err)
	}
	if _, err := NewICECandidateType("bogus"); !errors.Is(err, ErrUnknownType) {
		t.Errorf("a foreign candidate type: %v", err)
	}
}

func TestNewFunctions(t *testing.T) {
	for _, c := range []struct {
		got, want any
	}{
		{NewSDPType("Pranswer"), SDPTypePranswer},
		{NewSDPType("bogus"), SDPTypeUnknown},
		{NewICEConnectionState("completed"), ICEConnectionStateCompleted},
		{NewICEConnectionState("Completed"), ICEConnectionStateUnknown},
		{NewICEGatheringState("gathering"), ICEGatheringStateGathering},
		{NewICEGatheringState(""), ICEGatheringStateUnknown},
		{NewICETransportPolicy("relay"), ICETransportPolicyRelay},
		{NewICETransportPolicy("bogus"), ICETransportPolicyAll},
		{NewRTPCodecType("video"), RTPCodecTypeVideo},
		{NewRTPCodecType("text"), RTPCodecTypeUnknown},
		{NewRTPTransceiverDirection("recvonly"), RTPTransceiverDirectionRecvonly},
		{NewRTPTransceiverDirection("unknown"), RTPTransceiverDirectionUnknown},
		{RTPTransceiverDirectionSendonly.Revers(), RTPTransceiverDirectionRecvonly},
		{RTPTransceiverDirectionRecvonly.Revers(), RTPTransceiverDirectionSendonly},
		{RTPTransceiverDirectionSendrecv.Revers(), RTPTransceiverDirectionSendrecv},
		{RTPTransceiverDirectionInactive.Revers(), RTPTransceiverDirectionInactive},
		{RTPTransceiverDirectionStopped.Revers(), RTPTransceiverDirectionUnknown},
		{RTPTransceiverDirection(9).Revers(), RTPTransceiverDirectionUnknown},
		{NetworkTypeUDP6.Protocol(), "udp"},
		{NetworkTypeTCP4.Protocol(), "tcp"},
		{NetworkType(0).Protocol(), "unknown"},
	} {
		if c.got != c.want {
			t.Errorf("got %v (%T), want %v", c.got, c.got, c.want)
		}
	}
	if p, err := NewICEProtocol("Tcp"); p != ICEProtocolTCP || err != nil {
		t.Errorf("NewICEProtocol(Tcp): %v, %v", p, err)
	}
	if p, err := NewICEProtocol("sctp"); p != ICEProtocolUnknown || err == nil || err.Error() != "unknown protocol: sctp" {
		t.Errorf("NewICEProtocol(sctp): %v, %v", p, err)
	}
	if n, err := NewNetworkType("tcp6"); n != NetworkTypeTCP6 || err != nil {
		t.Errorf("NewNetworkType(tcp6): %v, %v", n, err)
	}
	if n, err := NewNetworkType("udp"); n != NetworkTypeUnknown || err == nil || err.Error() != "unknown network type: udp" {
		t.Errorf("NewNetworkType(udp): %v, %v", n, err)
	}
	if c, err := NewICECandidateType("srflx"); c != ICECandidateTypeSrflx || err != nil {
		t.Errorf("NewICECandidateType(srflx): %v, %v", c, err)
	}
}

func TestSignalingStateGetAndSet(t *testing.T) {
	var s SignalingState
	s.Set(SignalingStateHaveLocalOffer)
	if got := s.Get(); got != SignalingStateHaveLocalOffer {
		t.Errorf("got %s after Set", got)
	}
}
