package webrtc

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// GetParameters returns how the sender's track is encoded and sent (webrtc-pc
// §5.2): the encodings, and the codecs and header extensions that were
// negotiated. Change what it returns and give it to SetParameters.
func (s *RTPSender) GetParameters() RTPSendParameters {
	var p RTPSendParameters
	read := func(time.Time) {
		p = s.currentParameters()
		if !s.pc.isClosed.Load() {
			// "Let result be a new RTCRtpSendParameters dictionary ... transactionId is
			// set to a new unique identifier. ... Set sender.[[LastReturnedParameters]]
			// to result."
			s.transactionID = randomID()
			p.TransactionID = s.transactionID
		}
	}
	if s.pc.do(read) != nil {
		read(time.Time{}) // the loop has ended, and nothing changes any more
	}
	return p
}

func (s *RTPSender) currentParameters() RTPSendParameters {
	p := RTPSendParameters{Encodings: slices.Clone(s.parameters)}
	if m := s.transceiver.media; m != nil {
		p.Codecs = codecParameters(m.SendCodecs)
		p.HeaderExtensions = extensionParameters(m.SendExtensions)
		p.RTCP.ReducedSize = m.RTCPRsize
	}
	p.RTCP.CNAME = s.pc.cname
	return p
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
		if s.transactionID == "" {
			return &rtcerr.InvalidStateError{Err: fmt.Errorf("SetParameters: GetParameters has to be called first")}
		}
		if err := s.checkParameters(parameters); err != nil {
			return err
		}
		s.transactionID = "" // "Set sender.[[LastReturnedParameters]] to null."
		s.parameters = slices.Clone(parameters.Encodings)
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
	case p.TransactionID != s.transactionID:
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
