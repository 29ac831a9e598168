package webrtc

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/parleyrtc/webrtc/pkg/rtcerr"
)

func TestCodecConversion(t *testing.T) {
	p := RTPCodecParameters{
		RTPCodecCapability: RTPCodecCapability{
			MimeType: MimeTypeOpus, ClockRate: 48000, Channels: 2, SDPFmtpLine: "minptime=10",
			RTCPFeedback: []RTCPFeedback{{Type: TypeRTCPFBTransportCC}, {Type: TypeRTCPFBCCM, Parameter: "fir"}},
		},
		PayloadType: 111,
	}
	if got := codecTo(codecFrom(p)); !reflect.DeepEqual(got, p) {
		t.Errorf("%v became %v", p, got)
	}
	if got := capabilityTo(codecFrom(p)); !reflect.DeepEqual(got, p.RTPCodecCapability) {
		t.Errorf("%v became %v", p.RTPCodecCapability, got)
	}
}

// TestParametersAsJSON compares with the forms that programs have stored.
func TestParametersAsJSON(t *testing.T) {
	for _, c := range []struct {
		value any
		want  string
	}{
		{vp8(96), `{"MimeType":"video/VP8","ClockRate":90000,"Channels":0,"SDPFmtpLine":"","RTCPFeedback":null,"PayloadType":96}`},
		{RTCPFeedback{Type: "nack", Parameter: "pli"}, `{"Type":"nack","Parameter":"pli"}`},
		{RTPHeaderExtensionCapability{URI: "u"}, `{"URI":"u"}`},
		{RTPCodingParameters{RID: "h", SSRC: 1, PayloadType: 96, RTX: RTPRtxParameters{2}, FEC: RTPFecParameters{3}},
			`{"rid":"h","ssrc":1,"payloadType":96,"rtx":{"ssrc":2},"fec":{"ssrc":3}}`},
		{RTPEncodingParameters{Active: true, MaxBitrate: 1000, Priority: PriorityTypeVeryLow},
			`{"rid":"","ssrc":0,"payloadType":0,"rtx":{"ssrc":0},"fec":{"ssrc":0},"active":true,"maxBitrate":1000,"priority":"very-low"}`},
	} {
		b, err := json.Marshal(c.value)
		if err != nil || string(b) != c.want {
			t.Errorf("%T is %s, %v; want %s", c.value, b, err, c.want)
		}
		back := reflect.New(reflect.TypeOf(c.value))
		if err := json.Unmarshal(b, back.Interface()); err != nil || !reflect.DeepEqual(back.Elem().Interface(), c.value) {
			t.Errorf("%s is read as %v, %v", b, back.Elem(), err)
		}
	}
}

func TestPriorityType(t *testing.T) {
	for want, p := range map[string]PriorityType{
		"unknown": PriorityTypeUnknown, "very-low": PriorityTypeVeryLow, "low": PriorityTypeLow,
		"medium": PriorityTypeMedium, "high": PriorityTypeHigh,
	} {
		if p.String() != want {
			t.Errorf("%d is %q, want %q", p, p, want)
		}
	}
	p := PriorityTypeHigh
	var typeError *rtcerr.TypeError
	if err := json.Unmarshal([]byte(`"urgent"`), &p); !errors.As(err, &typeError) || p != PriorityTypeHigh {
		t.Errorf("urgent is read as %v, %v", p, err)
	}
	if err := json.Unmarshal([]byte(`""`), &p); err != nil || p != PriorityTypeUnknown {
		t.Errorf("no text is read as %v, %v", p, err)
	}
}
