package webrtc

import (
	"encoding/json"
	"errors"
	"testing"
)

// The forms that pion/webrtc v4.2.20 writes for the same values.
func TestPlainJSONForms(t *testing.T) {
	for _, c := range []struct {
		value any
		want  string
	}{
		{SessionDescription{Type: SDPTypeOffer, SDP: "v=0\r\n"}, `{"type":"offer","sdp":"v=0\r\n"}`},
		{SessionDescription{}, `{"type":"unknown","sdp":""}`},
		{OfferOptions{}, `{"VoiceActivityDetection":false,"ICETricklingSupported":false,"ICERestart":false}`},
		{DTLSParameters{DTLSRoleClient, []DTLSFingerprint{{"sha-256", "aa"}}}, `{"role":2,"fingerprints":[{"algorithm":"sha-256","value":"aa"}]}`},
		{SCTPCapabilities{3}, `{"maxMessageSize":3}`},
		{DataChannelParameters{}, `{"label":"","protocol":"","id":null,"ordered":false,"maxPacketLifeTime":null,"maxRetransmits":null,"negotiated":false}`},
		{DataChannelInit{}, `{"Ordered":null,"MaxPacketLifeTime":null,"MaxRetransmits":null,"Protocol":null,"Negotiated":null,"ID":null}`},
		{DataChannelMessage{}, `{"IsString":false,"Data":null}`},
	} {
		if got, err := json.Marshal(c.value); err != nil || string(got) != c.want {
			t.Errorf("got %s (%v)\nwant %s", got, err, c.want)
		}
	}
}

func TestSessionDescriptionIsRead(t *testing.T) {
	for _, c := range []struct {
		text string
		want SessionDescription
		ok   bool
	}{
		{`{"type":"offer","sdp":"x"}`, SessionDescription{Type: SDPTypeOffer, SDP: "x"}, true},
		{`{"type":"rollback"}`, SessionDescription{Type: SDPTypeRollback}, true},
		{`{"sdp":"x"}`, SessionDescription{SDP: "x"}, true},
		{`{"type":"bogus","sdp":"x"}`, SessionDescription{}, false},
		{`{"type":"","sdp":"x"}`, SessionDescription{}, false},
		{`{"type":null}`, SessionDescription{}, false},
	} {
		var got SessionDescription
		if err := json.Unmarshal([]byte(c.text), &got); (err == nil) != c.ok || got != c.want {
			t.Errorf("%s: %+v, %v", c.text, got, err)
		}
	}
}

func TestSessionDescriptionUnmarshal(t *testing.T) {
	good := SessionDescription{Type: SDPTypeOffer, SDP: "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n"}
	parsed, err := good.Unmarshal()
	if err != nil || len(parsed.MediaDescriptions) != 1 || parsed.Origin.SessionID != 1 {
		t.Errorf("%+v, %v", parsed, err)
	}
	bad := SessionDescription{SDP: "garbage"}
	if parsed, err := bad.Unmarshal(); parsed != nil || !errors.Is(err, ErrSDPUnmarshalling) || kindOf(err) != syntax {
		t.Errorf("garbage: %+v, %v; want a SyntaxError that matches ErrSDPUnmarshalling", parsed, err)
	}
}
