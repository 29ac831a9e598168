package webrtc

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// GetParameters returns how the sender's track is encoded and sent (webrtc-pc
// §5.2): the encodings, and the codecs and header extensions that were
// negotiated, none before that. Change what it returns and give it to
// SetParameters. Called again before anything has changed, it returns the same.
func (s *RTPSender) GetParameters() RTPSendParameters {
	var p RTPSendParameters
	read := func(time.Time) {
		p = s.currentParameters()
		// "If sender.[[LastReturnedParameters]] is not null, return
		// sender.[[LastReturnedParameters]], and abort these steps." Where it was
		// returned long ago, it may not be true any more.
		if last := s.lastReturned; last != nil {
			p.TransactionID = last.TransactionID
			if reflect.DeepEqual(p, *last) {
				return
			}
		}
		// "transactionId is set to a new unique identifier. ... Set
		// sender.[[LastReturnedParameters]] to result."
		p.TransactionID = randomID()
		if !s.pc.isClosed.Load() {
			last := p.clone()
			s.lastReturned = &last
		}
	}
	if s.pc.do(read) != nil {
		read(time.Time{}) // the loop has ended, and nothing changes any more
	}
	return p
}

// clone returns a copy in which nothing is shared that a program may change.
func (p RTPSendParameters) clone() RTPSendParameters {
	p.Encodings = slices.Clone(p.Encodings)
	p.Codecs = slices.Clone(p.Codecs)
	p.HeaderExtensions = slices.Clone(p.HeaderExtensions)
	return p
}

func (s *RTPSender) currentParameters() RTPSendParameters {
	p := RTPSendParameters{Encodings: slices.Clone(s.parameters)}
	for i := range p.Encodings {
		e := &p.Encodings[i]
		e.RID = s.encodings[i].rid
		if len(p.Encodings) == 1 {
			// webrtc-pc §5.1: "If the number of RTCRtpEncodingParameters now stored in
			// sendEncodings is 1, then remove any rid member from the lone entry."
			// AddEncoding brings it back.
			e.RID = ""
		}
		e.MaxFramerate, e.ScaleResolutionDownBy = copied(e.MaxFramerate), copied(e.ScaleResolutionDownBy)
	}
	if m := s.transceiver.media; m != nil {
		p.Codecs = codecParameters(m.SendCodecs)
		p.HeaderExtensions = extensionParameters(m.SendExtensions)
		p.RTCP.ReducedSize = m.RTCPRsize
	}
	p.RTCP.CNAME = s.pc.cname
	return p
}

func copied(p *float64) *float64 {
	if p == nil {
		return nil
	}
	return new(*p)
}

// SetParameters changes how the sender's track is sent (webrtc-pc §5.2): which
// encodings are active, and the limits that a program's encoder can look up. It
// needs no exchange of descriptions. parameters come from GetParameters, which has
// to be called anew for each call.
//
// It returns an InvalidStateError if the transceiver is stopped, after Close and
// without GetParameters; an InvalidModificationError if encodings are more, fewer
// or in another order, or if what may only be read was changed; and a RangeError
// for a ScaleResolutionDownBy below 1 or a negative MaxFramerate.
func (s *RTPSender) SetParameters(parameters RTPSendParameters) error {
	return s.pc.attempt("SetParameters", func(time.Time) error {
		if s.transceiver.stopping {
			return errStopped("SetParameters")
		}
		// "If sender.[[LastReturnedParameters]] is null, return a promise rejected with
		// a newly created InvalidStateError."
		if s.lastReturned == nil {
			return &rtcerr.InvalidStateError{Err: fmt.Errorf("SetParameters: GetParameters has to be called first")}
		}
		if err := s.checkParameters(parameters); err != nil {
			return err
		}
		s.lastReturned = nil // "Set sender.[[LastReturnedParameters]] to null."
		s.parameters = completed(s.kind, parameters.Encodings)
		s.refresh()
		return nil
	})
}

// checkParameters is the check of setParameters (webrtc-pc §5.2), its steps
// quoted.
func (s *RTPSender) checkParameters(p RTPSendParameters) error {
	refuse := func(format string, arguments ...any) error {
		return &rtcerr.InvalidModificationError{Err: fmt.Errorf("SetParameters: "+format, arguments...)}
	}
	now := s.currentParameters()
	// "Any parameter in parameters is marked as a Read-only parameter ... and has a
	// value that is different from the corresponding parameter value in
	// sender.[[LastReturnedParameters]]. Note that this also applies to
	// transactionId."
	switch {
	case p.TransactionID != s.lastReturned.TransactionID:
		return refuse("the transaction %q is not the one that GetParameters began last", p.TransactionID)
	case len(p.Encodings) != len(now.Encodings):
		// "encodings.length is different from N."
		return refuse("%d encodings, where the sender has %d", len(p.Encodings), len(now.Encodings))
	case !reflect.DeepEqual(p.Codecs, now.Codecs), !reflect.DeepEqual(p.HeaderExtensions, now.HeaderExtensions), p.RTCP != now.RTCP:
		return refuse("codecs, header extensions and RTCP can only be read")
	}
	for i, e := range p.Encodings {
		// "encodings has been re-ordered."
		if was := now.Encodings[i]; e.RID != was.RID || e.SSRC != was.SSRC || e.RTX != was.RTX || e.FEC != was.FEC {
			return refuse("encoding %d has RID %q and SSRC %d, which were %q and %d", i, e.RID, e.SSRC, was.RID, was.SSRC)
		}
	}
	return checkRanges(s.kind, p.Encodings)
}

// checkEncodings is the "addTransceiver sendEncodings validation steps" of
// webrtc-pc §5.1, its steps quoted.
func checkEncodings(kind RTPCodecType, encodings []RTPEncodingParameters) error {
	for i, e := range encodings {
		switch {
		case e.RID == "" && len(encodings) > 1:
			// "If some but not all encodings contain a rid member, or there are several
			// without."
			return &rtcerr.TypeError{Err: fmt.Errorf("encoding %d has no RID; each of several needs one", i)}
		case e.RID != "" && !isRID(e.RID):
			// "If any rid member ... does not conform to the grammar requirements
			// specified in Section 10 of [RFC8851], throw a TypeError."
			return &rtcerr.TypeError{Err: fmt.Errorf("RID %q; it has to be 1 to 255 letters, digits, - and _", e.RID)}
		case slices.ContainsFunc(encodings[:i], func(o RTPEncodingParameters) bool { return o.RID == e.RID }):
			// "If ... any duplicates ..., throw a TypeError."
			return &rtcerr.TypeError{Err: fmt.Errorf("RID %q stands twice", e.RID)}
		}
	}
	return checkRanges(kind, encodings)
}

func checkRanges(kind RTPCodecType, encodings []RTPEncodingParameters) error {
	// "If kind is "audio", remove the scaleResolutionDownBy member from all encodings
	// that contain one", and maxFramerate: completed does, whatever they are.
	if kind != RTPCodecTypeVideo {
		return nil
	}
	for i, e := range encodings {
		switch {
		case e.ScaleResolutionDownBy != nil && *e.ScaleResolutionDownBy < 1:
			return &rtcerr.RangeError{Err: fmt.Errorf("encoding %d has ScaleResolutionDownBy %g; 1 or more is needed", i, *e.ScaleResolutionDownBy)}
		case e.MaxFramerate != nil && *e.MaxFramerate < 0:
			return &rtcerr.RangeError{Err: fmt.Errorf("encoding %d has MaxFramerate %g; it cannot be negative", i, *e.MaxFramerate)}
		}
	}
	return nil
}

// isRID checks the grammar of RFC 8851 §10 as RFC 8852 §3 limits it.
func isRID(s string) bool {
	if s == "" || len(s) > 255 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}

// activated returns the encodings with all of them active if the program has set
// none so: W3C's default is true, Go's false.
func activated(encodings []RTPEncodingParameters) []RTPEncodingParameters {
	if slices.ContainsFunc(encodings, func(e RTPEncodingParameters) bool { return e.Active }) {
		return encodings
	}
	encodings = slices.Clone(encodings)
	for i := range encodings {
		encodings[i].Active = true
	}
	return encodings
}

// scaled returns the encodings of a new transceiver with what W3C has
// ScaleResolutionDownBy be if the program leaves it out.
//
// webrtc-pc §5.1: "If kind is "video" and none of the encodings contain a
// scaleResolutionDownBy member, then for each encoding, add a
// scaleResolutionDownBy member with the value 2^(length of sendEncodings - encoding
// index - 1)."
func scaled(kind RTPCodecType, encodings []RTPEncodingParameters) []RTPEncodingParameters {
	given := func(e RTPEncodingParameters) bool { return e.ScaleResolutionDownBy != nil }
	if kind != RTPCodecTypeVideo || slices.ContainsFunc(encodings, given) {
		return encodings
	}
	encodings = slices.Clone(encodings)
	for i := range encodings {
		encodings[i].ScaleResolutionDownBy = new(math.Pow(2, float64(len(encodings)-i-1)))
	}
	return encodings
}

// completed returns a copy of encodings, of which a program may keep the pointers,
// with the defaults of W3C.
//
// webrtc-pc §5.1: "If kind is "audio", remove the scaleResolutionDownBy member from
// all encodings that contain one", and likewise maxFramerate. "If any encoding
// contains a scaleResolutionDownBy member, then for each encoding without one, add a
// scaleResolutionDownBy member with the value 1.0." webrtc-priority §4.1: priority
// "low" is the default.
func completed(kind RTPCodecType, encodings []RTPEncodingParameters) []RTPEncodingParameters {
	encodings = slices.Clone(encodings)
	for i := range encodings {
		e := &encodings[i]
		e.MaxFramerate, e.ScaleResolutionDownBy = copied(e.MaxFramerate), copied(e.ScaleResolutionDownBy)
		switch {
		case kind == RTPCodecTypeAudio:
			e.MaxFramerate, e.ScaleResolutionDownBy = nil, nil
		case e.ScaleResolutionDownBy == nil:
			e.ScaleResolutionDownBy = new(1.0)
		}
		if e.Priority == PriorityTypeUnknown {
			e.Priority = PriorityTypeLow
		}
	}
	return encodings
}
