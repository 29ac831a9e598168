package webrtc

import (
	"fmt"
	"slices"
	"testing"

	"github.com/parleyrtc/webrtc/pkg/rtcerr"
)

// webrtc-pc §5.1, addTransceiver sendEncodings validation steps, webrtc-svc §4.2.1
// and webrtc-extensions §4: what a new sender may be given.
func TestEncodingsThatAreRefused(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		var operation *rtcerr.OperationError
		of := func(change func(e *RTPEncodingParameters)) []RTPEncodingParameters {
			e := RTPEncodingParameters{Active: true}
			change(&e)
			return []RTPEncodingParameters{e}
		}
		restricted := func(active bool) []RTPEncodingParameters {
			list := []RTPEncodingParameters{{Active: true}, {Active: active}}
			list[0].RID, list[1].RID = "a", "b"
			list[0].ScaleResolutionDownTo = &RTPResolutionRestriction{MaxWidth: 120, MaxHeight: 60}
			return list
		}
		vp8 := RTPCodecCapability{MimeType: MimeTypeVP8, ClockRate: 90000}
		for _, c := range []struct {
			name      string
			kind      RTPCodecType
			encodings []RTPEncodingParameters
			ok        bool
		}{
			{"codec", RTPCodecTypeVideo, of(func(e *RTPEncodingParameters) { e.Codec = &vp8 }), true},
			{"codec of another kind", RTPCodecTypeAudio, of(func(e *RTPEncodingParameters) { e.Codec = &vp8 }), false},
			{"unknown codec", RTPCodecTypeVideo, of(func(e *RTPEncodingParameters) {
				e.Codec = &RTPCodecCapability{MimeType: "video/piedpiper", ClockRate: 90000}
			}), false},
			{"codec at another rate", RTPCodecTypeVideo, of(func(e *RTPEncodingParameters) { e.Codec = &RTPCodecCapability{MimeType: MimeTypeVP8, ClockRate: 1} }), false},
			{"retransmission as codec", RTPCodecTypeVideo, of(func(e *RTPEncodingParameters) {
				e.Codec = &RTPCodecCapability{MimeType: MimeTypeRTX, ClockRate: 90000}
			}), false},
			{"scalability", RTPCodecTypeVideo, of(func(e *RTPEncodingParameters) { e.ScalabilityMode = "L3T3_KEY" }), true},
			{"scalability that is none", RTPCodecTypeVideo, of(func(e *RTPEncodingParameters) { e.ScalabilityMode = "Tentative" }), false},
			{"scalability that the codec has not", RTPCodecTypeVideo, of(func(e *RTPEncodingParameters) { e.Codec, e.ScalabilityMode = &vp8, "L2T1" }), false},
			{"scalability of audio", RTPCodecTypeAudio, of(func(e *RTPEncodingParameters) { e.ScalabilityMode = "L1T1" }), false},
			{"resolution 0", RTPCodecTypeVideo, of(func(e *RTPEncodingParameters) { e.ScaleResolutionDownTo = &RTPResolutionRestriction{} }), false},
			{"resolution of one of two", RTPCodecTypeVideo, restricted(true), false},
			{"resolution of the active one", RTPCodecTypeVideo, restricted(false), true},
		} {
			_, err := d.a.AddTransceiverFromKind(c.kind, RTPTransceiverInit{SendEncodings: c.encodings})
			if c.ok {
				d.must(err)
			} else {
				d.wantError(err, &operation, c.name)
			}
		}
		if n := len(d.a.GetTransceivers()); n != 3 {
			t.Errorf("%d transceivers, want the 3 of the calls that succeed", n)
		}
	})
}

// webrtc-pc §5.1: "If the number of RTCRtpEncodingParameters stored in sendEncodings
// exceeds maxN, then trim sendEncodings from the tail until its length is maxN."
func TestEncodingsAreTrimmed(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		for kind, want := range map[RTPCodecType]int{RTPCodecTypeAudio: 1, RTPCodecTypeVideo: 16} {
			var many []RTPEncodingParameters
			for i := range 1000 {
				many = append(many, RTPEncodingParameters{RTPCodingParameters: RTPCodingParameters{RID: fmt.Sprint(i)}})
			}
			transceiver, err := d.a.AddTransceiverFromKind(kind, RTPTransceiverInit{SendEncodings: many})
			d.must(err)
			got := transceiver.Sender().GetParameters().Encodings
			if len(got) != want {
				t.Errorf("%s: %d encodings, want %d", kind, len(got), want)
			}
			if kind == RTPCodecTypeAudio && (got[0].RID != "" || !got[0].Active) {
				t.Errorf("the encoding of audio is %+v", got[0])
			}
		}
	})
}

// An encoding that says more than its name is as active as it says.
func TestEncodingsThatAreNotActive(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		named := RTPEncodingParameters{RTPCodingParameters: RTPCodingParameters{RID: "a"}}
		limited := named
		limited.MaxBitrate = 8
		for _, c := range []struct {
			encoding RTPEncodingParameters
			want     bool
		}{{named, true}, {limited, false}, {RTPEncodingParameters{}, false}} {
			transceiver, err := d.a.AddTransceiverFromKind(RTPCodecTypeVideo, RTPTransceiverInit{SendEncodings: []RTPEncodingParameters{c.encoding}})
			d.must(err)
			if got := transceiver.Sender().GetParameters().Encodings[0].Active; got != c.want {
				t.Errorf("%+v: active %v, want %v", c.encoding, got, c.want)
			}
		}
	})
}

// webrtc-pc §5.2, setParameters: which codecs can be chosen before and after
// negotiation, and §4.4.1.5: what an answer leaves out is chosen no more.
func TestCodecOfAnEncoding(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		var modification *rtcerr.InvalidModificationError
		vp8 := RTPCodecCapability{MimeType: MimeTypeVP8, ClockRate: 90000}
		vp9 := RTPCodecCapability{MimeType: MimeTypeVP9, ClockRate: 90000, SDPFmtpLine: "profile-id=0"}
		transceiver, err := d.a.AddTransceiverFromKind(RTPCodecTypeVideo)
		d.must(err)
		s := transceiver.Sender()
		choose := func(c *RTPCodecCapability) error {
			p := s.GetParameters()
			p.Encodings[0].Codec = c
			return s.SetParameters(p)
		}
		chosen := func() string {
			if c := s.GetParameters().Encodings[0].Codec; c != nil {
				return c.MimeType
			}
			return ""
		}
		if c := chosen(); c != "" {
			t.Errorf("a new sender has the codec %q", c)
		}
		d.must(choose(&vp9))
		if c := chosen(); c != MimeTypeVP9 {
			t.Errorf("the codec is %q", c)
		}
		d.wantError(choose(&RTPCodecCapability{MimeType: "video/piedpiper", ClockRate: 90000}), &modification, "an unknown codec")
		d.must(transceiver.SetCodecPreferences([]RTPCodecParameters{{RTPCodecCapability: vp8}}))
		d.wantError(choose(&vp9), &modification, "a codec that is not preferred")
		if c := chosen(); c != MimeTypeVP9 {
			t.Errorf("a call that failed leaves the codec %q", c)
		}
		d.negotiates(d.a, d.b)
		if c := chosen(); c != "" {
			t.Errorf("after an answer without it the codec is %q", c)
		}
		d.wantError(choose(&vp9), &modification, "a codec that was not negotiated")
		d.must(choose(&vp8))
		if c := chosen(); c != MimeTypeVP8 {
			t.Errorf("the codec is %q", c)
		}
	})
}

// What a binding of W3C's parameters does not know may be left out of
// SetParameters (webrtc-pc §5.2.5 has no SSRC, §5.2.9 no feedback).
func TestSetParametersWithoutWhatW3CDoesNotHave(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		s := d.adds(d.a, d.track(RTPCodecTypeVideo, "face", "me"))
		d.negotiates(d.a, d.b)
		p := s.GetParameters()
		was := p.Encodings[0].SSRC
		p.Encodings[0].RTPCodingParameters = RTPCodingParameters{}
		p.Codecs = slices.Clone(p.Codecs)
		for i := range p.Codecs {
			p.Codecs[i].RTCPFeedback = nil
		}
		p.DegradationPreference = DegradationPreferenceMaintainResolution
		p.Encodings[0].AdaptivePtime, p.Encodings[0].ScalabilityMode = true, "L1T2"
		d.must(s.SetParameters(p))
		now := s.GetParameters()
		if e := now.Encodings[0]; e.SSRC != was || !e.AdaptivePtime || e.ScalabilityMode != "L1T2" || now.DegradationPreference != DegradationPreferenceMaintainResolution {
			t.Errorf("the parameters are %+v", now)
		}
	})
}

// The codec of an encoding is the one that the track is bound with. A track that
// cannot use it keeps the sender as it was.
func TestCodecOfAnEncodingIsWhatIsSent(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		custom := &customTrack{id: "face"}
		s := d.adds(d.a, custom)
		d.negotiates(d.a, d.b)
		bound := func() string {
			custom.counts() // waits
			return custom.bound[len(custom.bound)-1].CodecParameters()[0].MimeType
		}
		if first := bound(); first != MimeTypeVP8 {
			t.Fatalf("bound with %s", first)
		}
		choose := func(mime string) error {
			p := s.GetParameters()
			for _, c := range p.Codecs {
				if c.MimeType == mime {
					p.Encodings[0].Codec = &c.RTPCodecCapability
				}
			}
			return s.SetParameters(p)
		}
		d.must(choose(MimeTypeAV1))
		if now := bound(); now != MimeTypeAV1 {
			t.Errorf("bound with %s after AV1 was chosen", now)
		}
		custom.onBind = func(c TrackLocalContext) error {
			if c.CodecParameters()[0].MimeType == MimeTypeH264 {
				return ErrUnsupportedCodec
			}
			return nil
		}
		var modification *rtcerr.InvalidModificationError
		d.wantError(choose(MimeTypeH264), &modification, "a codec that the track cannot use")
		if c := s.GetParameters().Encodings[0].Codec; c == nil || c.MimeType != MimeTypeAV1 {
			t.Errorf("the codec is %+v after a call that failed", c)
		}
		if now := bound(); now != MimeTypeAV1 {
			t.Errorf("bound with %s after a call that failed", now)
		}
	})
}
