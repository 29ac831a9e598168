package webrtc

import (
	"slices"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/pkg/rtcerr"
)

// webrtc-pc §5.2, create an RTCRtpSender, and §5.1, addTransceiver sendEncodings
// validation steps: what the encodings of a new sender are.
func TestEncodingsOfANewSender(t *testing.T) {
	simulcast := func(rids ...string) (list []RTPEncodingParameters) {
		for _, rid := range rids {
			list = append(list, RTPEncodingParameters{RTPCodingParameters: RTPCodingParameters{RID: rid}, Active: true})
		}
		return list
	}
	scaledBy := func(factors ...*float64) (list []RTPEncodingParameters) {
		list = simulcast([]string{"a", "b", "c"}[:len(factors)]...)
		for i, f := range factors {
			list[i].ScaleResolutionDownBy = f
		}
		return list
	}
	audio := simulcast("")
	audio[0].ScaleResolutionDownBy, audio[0].MaxFramerate, audio[0].MaxBitrate = new(0.5), new(-1.0), 8000
	high := simulcast("")
	high[0].Priority = PriorityTypeHigh
	for _, c := range []struct {
		name     string
		kind     RTPCodecType
		init     []RTPEncodingParameters
		rids     []string
		factors  []float64 // 0 is none
		priority PriorityType
	}{
		{"audio by default", RTPCodecTypeAudio, nil, []string{""}, []float64{0}, PriorityTypeLow},
		{"video by default", RTPCodecTypeVideo, nil, []string{""}, []float64{1}, PriorityTypeLow},
		{"empty list", RTPCodecTypeVideo, simulcast(), []string{""}, []float64{1}, PriorityTypeLow},
		{"a lone RID is removed", RTPCodecTypeVideo, simulcast("a"), []string{""}, []float64{1}, PriorityTypeLow},
		{"three", RTPCodecTypeVideo, simulcast("a", "b", "c"), []string{"a", "b", "c"}, []float64{4, 2, 1}, PriorityTypeLow},
		{"one of three scaled", RTPCodecTypeVideo, scaledBy(nil, new(3.0), nil), []string{"a", "b", "c"}, []float64{1, 3, 1}, PriorityTypeLow},
		{"audio is not scaled", RTPCodecTypeAudio, audio, []string{""}, []float64{0}, PriorityTypeLow},
		{"priority", RTPCodecTypeVideo, high, []string{""}, []float64{1}, PriorityTypeHigh},
	} {
		onDesk(t, func(t *testing.T, d *desk) {
			transceiver, err := d.a.AddTransceiverFromKind(c.kind, RTPTransceiverInit{SendEncodings: c.init})
			d.must(err)
			p := transceiver.Sender().GetParameters()
			var rids []string
			var factors []float64
			for _, e := range p.Encodings {
				rids = append(rids, e.RID)
				factors = append(factors, valueOrZero(e.ScaleResolutionDownBy))
				if !e.Active || e.Priority != c.priority || c.kind == RTPCodecTypeAudio && e.MaxFramerate != nil {
					t.Errorf("%s: the encoding is %+v", c.name, e)
				}
			}
			if !slices.Equal(rids, c.rids) || !slices.Equal(factors, c.factors) {
				t.Errorf("%s: RIDs %q, scaled by %v; want %q, %v", c.name, rids, factors, c.rids, c.factors)
			}
			// "Let sender have a [[SendCodecs]] internal slot, ... initialized to an empty
			// list."
			if len(p.Codecs) != 0 || len(p.HeaderExtensions) != 0 {
				t.Errorf("%s: before negotiation there are codecs %v and extensions %v", c.name, p.Codecs, p.HeaderExtensions)
			}
		})
	}
}

func valueOrZero(p *float64) float64 {
	if p == nil {
		return 0
	}
	return *p
}

// webrtc-pc §5.2, getParameters and setParameters: the transaction.
func TestSetParametersIsATransaction(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		var state *rtcerr.InvalidStateError
		var modification *rtcerr.InvalidModificationError
		transceiver, err := d.a.AddTransceiverFromKind(RTPCodecTypeVideo)
		d.must(err)
		s := transceiver.Sender()
		// "If sender.[[LastReturnedParameters]] is null, return a promise rejected with a
		// newly created InvalidStateError."
		d.wantError(s.SetParameters(RTPSendParameters{}), &state, "SetParameters without GetParameters")
		p := s.GetParameters()
		// "If sender.[[LastReturnedParameters]] is not null, return
		// sender.[[LastReturnedParameters]]".
		if again := s.GetParameters(); again.TransactionID != p.TransactionID {
			t.Errorf("two calls in a row return the transactions %q and %q", p.TransactionID, again.TransactionID)
		}
		foreign := p.clone()
		foreign.TransactionID = "another"
		d.wantError(s.SetParameters(foreign), &modification, "another transaction")
		p.Encodings[0].MaxBitrate = 100_000
		d.must(s.SetParameters(p))
		// "Set sender.[[LastReturnedParameters]] to null."
		d.wantError(s.SetParameters(p), &state, "the same parameters twice")
		next := s.GetParameters()
		if next.TransactionID == p.TransactionID || next.Encodings[0].MaxBitrate != 100_000 {
			t.Errorf("after SetParameters there is %+v", next)
		}
		// §5.2, getParameters: "Queue a task that sets sender.[[LastReturnedParameters]] to
		// null": what comes after a description was made or set begins anew.
		_, err = d.a.CreateOffer(nil)
		d.must(err)
		d.wantError(s.SetParameters(next), &state, "parameters from before CreateOffer")
		later := s.GetParameters()
		if later.TransactionID == next.TransactionID {
			t.Error("the transaction goes on after CreateOffer")
		}
		d.wantError(s.SetParameters(next), &modification, "parameters of an older transaction")
		d.negotiates(d.a, d.b)
		d.wantError(s.SetParameters(later), &state, "parameters from before the codecs were agreed")
		if now := s.GetParameters(); now.TransactionID == next.TransactionID || len(now.Codecs) == 0 {
			t.Errorf("after negotiation there is the transaction %q with codecs %v", now.TransactionID, now.Codecs)
		}
		now := s.GetParameters()
		d.must(transceiver.Stop())
		// "If transceiver.[[Stopping]] is true, return a promise rejected with a newly
		// created InvalidStateError."
		d.wantError(s.SetParameters(now), &state, "a stopped transceiver")
	})
}

// webrtc-pc §5.2, setParameters validation steps: what may not be changed, and what
// is out of range. A call that fails changes nothing, and leaves the transaction.
func TestSetParametersValidation(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		two := []RTPEncodingParameters{{RTPCodingParameters: RTPCodingParameters{RID: "a"}}, {RTPCodingParameters: RTPCodingParameters{RID: "b"}}}
		video, err := d.a.AddTransceiverFromKind(RTPCodecTypeVideo, RTPTransceiverInit{SendEncodings: two})
		d.must(err)
		audio, err := d.a.AddTransceiverFromKind(RTPCodecTypeAudio)
		d.must(err)
		d.negotiates(d.a, d.b)
		var modification *rtcerr.InvalidModificationError
		var outOfRange *rtcerr.RangeError
		for _, c := range []struct {
			name   string
			of     *RTPTransceiver
			change func(p *RTPSendParameters)
			target any // nil for success
		}{
			{"one encoding more", audio, func(p *RTPSendParameters) { p.Encodings = append(p.Encodings, RTPEncodingParameters{}) }, &modification},
			{"no encodings", audio, func(p *RTPSendParameters) { p.Encodings = nil }, &modification},
			{"order of encodings", video, func(p *RTPSendParameters) { slices.Reverse(p.Encodings) }, &modification},
			{"RID", audio, func(p *RTPSendParameters) { p.Encodings[0].RID = "z" }, &modification},
			{"SSRC", audio, func(p *RTPSendParameters) { p.Encodings[0].SSRC++ }, &modification},
			{"RTX", audio, func(p *RTPSendParameters) { p.Encodings[0].RTX.SSRC++ }, &modification},
			{"FEC", audio, func(p *RTPSendParameters) { p.Encodings[0].FEC.SSRC++ }, &modification},
			{"payload type of a codec", audio, func(p *RTPSendParameters) { p.Codecs[0].PayloadType++ }, &modification},
			{"parameters of a codec", audio, func(p *RTPSendParameters) { p.Codecs[0].SDPFmtpLine += ";x=1" }, &modification},
			{"one codec less", audio, func(p *RTPSendParameters) { p.Codecs = p.Codecs[1:] }, &modification},
			{"order of codecs", audio, func(p *RTPSendParameters) { slices.Reverse(p.Codecs) }, &modification},
			{"header extension", audio, func(p *RTPSendParameters) { p.HeaderExtensions[0].ID++ }, &modification},
			{"CNAME", audio, func(p *RTPSendParameters) { p.RTCP.CNAME = "x" }, &modification},
			{"reduced size", audio, func(p *RTPSendParameters) { p.RTCP.ReducedSize = !p.RTCP.ReducedSize }, &modification},
			{"scale below 1", video, func(p *RTPSendParameters) { p.Encodings[0].ScaleResolutionDownBy = new(0.5) }, &outOfRange},
			{"negative frame rate", video, func(p *RTPSendParameters) { p.Encodings[0].MaxFramerate = new(-0.1) }, &outOfRange},
			{"scale of audio", audio, func(p *RTPSendParameters) { p.Encodings[0].ScaleResolutionDownBy = new(0.5) }, nil},
			{"scale", video, func(p *RTPSendParameters) { p.Encodings[0].ScaleResolutionDownBy = new(1.5) }, nil},
			{"frame rate 0", video, func(p *RTPSendParameters) { p.Encodings[0].MaxFramerate = new(0.0) }, nil},
			{"bitrate, priority, activity", video, func(p *RTPSendParameters) {
				p.Encodings[1].MaxBitrate, p.Encodings[1].Priority, p.Encodings[1].Active = 5000, PriorityTypeHigh, false
			}, nil},
		} {
			s := c.of.Sender()
			before := s.GetParameters()
			p := before.clone()
			p.Codecs, p.HeaderExtensions = slices.Clone(p.Codecs), slices.Clone(p.HeaderExtensions)
			c.change(&p)
			err := s.SetParameters(p)
			switch after := s.GetParameters(); {
			case c.target == nil:
				d.must(err)
				if after.TransactionID == before.TransactionID {
					t.Errorf("%s: the transaction goes on", c.name)
				}
			default:
				d.wantError(err, c.target, c.name)
				if after.TransactionID != before.TransactionID {
					t.Errorf("%s: the call that failed has ended the transaction", c.name)
				}
			}
		}
		p := video.Sender().GetParameters()
		if e := p.Encodings[0]; *e.ScaleResolutionDownBy != 1.5 || *e.MaxFramerate != 0 {
			t.Errorf("the first encoding is %+v", e)
		}
		if e := p.Encodings[1]; e.MaxBitrate != 5000 || e.Priority != PriorityTypeHigh || e.Active {
			t.Errorf("the second encoding is %+v", e)
		}
		// The pointers of what was given and returned are the program's.
		*p.Encodings[0].ScaleResolutionDownBy = 7
		if again := video.Sender().GetParameters(); *again.Encodings[0].ScaleResolutionDownBy != 1.5 {
			t.Error("the program's pointer reaches into the sender")
		}
	})
}

// webrtc-pc §5.4.2, setCodecPreferences.
func TestCodecPreferencesByTheLetter(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		var modification *rtcerr.InvalidModificationError
		transceiver, err := d.a.AddTransceiverFromKind(RTPCodecTypeAudio)
		d.must(err)
		var all []RTPCodecParameters
		for _, c := range GetReceiverCapabilities(RTPCodecTypeAudio).Codecs {
			all = append(all, RTPCodecParameters{RTPCodecCapability: c})
		}
		opus := all[slices.IndexFunc(all, func(c RTPCodecParameters) bool { return c.MimeType == MimeTypeOpus })]
		changed := func(change func(c *RTPCodecParameters)) []RTPCodecParameters {
			c := opus
			change(&c)
			return []RTPCodecParameters{c}
		}
		for _, c := range []struct {
			name   string
			codecs []RTPCodecParameters
			ok     bool
		}{
			// "If codecs is an empty list, set transceiver.[[PreferredCodecs]] to codecs and
			// abort these steps."
			{"none", nil, true},
			{"all", all, true},
			{"one", []RTPCodecParameters{opus}, true},
			// "Remove any duplicate values in codecs."
			{"one twice", []RTPCodecParameters{opus, opus}, true},
			{"another case", changed(func(c *RTPCodecParameters) { c.MimeType = strings.ToUpper(c.MimeType) }), true},
			{"unknown", changed(func(c *RTPCodecParameters) { c.MimeType = "audio/piedpiper" }), false},
			{"unknown among known", append(changed(func(c *RTPCodecParameters) { c.MimeType = "audio/piedpiper" }), all...), false},
			{"clock rate", changed(func(c *RTPCodecParameters) { c.ClockRate++ }), false},
			{"channels", changed(func(c *RTPCodecParameters) { c.Channels += 11 }), false},
			{"parameters", changed(func(c *RTPCodecParameters) { c.SDPFmtpLine = "modifiedparameter=1" }), false},
			{"more parameters", changed(func(c *RTPCodecParameters) { c.SDPFmtpLine += ";foo=1" }), false},
			{"video", []RTPCodecParameters{{RTPCodecCapability: RTPCodecCapability{MimeType: MimeTypeVP8, ClockRate: 90000}}}, false},
		} {
			if err := transceiver.SetCodecPreferences(c.codecs); c.ok {
				d.must(err)
			} else {
				d.wantError(err, &modification, c.name)
			}
		}
		// "If the intersection ... only contains RTX, RED, FEC codecs or Comfort Noise
		// codecs or is an empty set, throw InvalidModificationError."
		video, err := d.a.AddTransceiverFromKind(RTPCodecTypeVideo)
		d.must(err)
		rtx := []RTPCodecParameters{{RTPCodecCapability: RTPCodecCapability{MimeType: MimeTypeRTX, ClockRate: 90000}}}
		d.wantError(video.SetCodecPreferences(rtx), &modification, "RTX alone")
	})
}

// webrtc-pc §5.1, removeTrack: the order of its checks.
func TestRemoveTrackChecksTheConnectionFirst(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		var state *rtcerr.InvalidStateError
		var access *rtcerr.InvalidAccessError
		s := d.adds(d.b, d.track(RTPCodecTypeAudio, "voice", "me"))
		d.wantError(d.a.RemoveTrack(s), &access, "a sender of another connection")
		d.wantError(d.a.RemoveTrack(nil), &access, "no sender")
		d.must(d.a.Close())
		d.wantError(d.a.RemoveTrack(s), &state, "a sender of another connection, after Close")
	})
}
