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
// negotiated, none before that. Change what it returns and give it to
// SetParameters. Called again before anything has changed, it returns the same.
func (s *RTPSender) GetParameters() RTPSendParameters {
	var p RTPSendParameters
	read := func(time.Time) {
		p = s.currentParameters()
		// "If sender.[[LastReturnedParameters]] is not null, return
		// sender.[[LastReturnedParameters]], and abort these steps." Where it was
		// returned long ago, it may not be true any more.
		if last := s.lastReturned(); last != nil {
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
			s.transaction = senderTransaction{returned: &last, of: s.pc.descriptionTasks}
		}
	}
	if s.pc.do(read) != nil {
		read(time.Time{}) // the loop has ended, and nothing changes any more
	}
	return p
}

// A senderTransaction is what GetParameters has begun and SetParameters may end.
type senderTransaction struct {
	returned *RTPSendParameters // [[LastReturnedParameters]]
	of       uint64             // the connection's descriptionTasks of then
}

// lastReturned returns [[LastReturnedParameters]], nil for null.
//
// webrtc-pc §5.2, getParameters: "Queue a task that sets
// sender.[[LastReturnedParameters]] to null." A Go program has no such queue. It
// is null once a description was made or set since: what the parameters were
// decided on may not be true any more, and code that runs beside others begins
// anew.
func (s *RTPSender) lastReturned() *RTPSendParameters {
	if s.transaction.of != s.pc.descriptionTasks {
		return nil
	}
	return s.transaction.returned
}

// clone returns a copy in which nothing is shared that a program may change.
func (p RTPSendParameters) clone() RTPSendParameters {
	p.Encodings = cloneEncodings(p.Encodings)
	p.Codecs = slices.Clone(p.Codecs)
	p.HeaderExtensions = slices.Clone(p.HeaderExtensions)
	return p
}

func (s *RTPSender) currentParameters() RTPSendParameters {
	p := RTPSendParameters{Encodings: cloneEncodings(s.parameters), DegradationPreference: s.degradation}
	for i := range p.Encodings {
		e := &p.Encodings[i]
		e.RID = s.encodings[i].rid
		if len(p.Encodings) == 1 && !s.byName {
			// webrtc-pc §5.1: "If the number of RTCRtpEncodingParameters now stored in
			// sendEncodings is 1, then remove any rid member from the lone entry."
			// AddEncoding brings it back.
			e.RID = ""
		}
	}
	if m := s.transceiver.media; m != nil {
		p.Codecs = codecParameters(m.SendCodecs)
		p.HeaderExtensions = extensionParameters(m.SendExtensions)
		p.RTCP.ReducedSize = m.RTCPRsize
	}
	p.RTCP.CNAME = s.pc.cname
	return p
}

// SetParameters changes how the sender's track is sent (webrtc-pc §5.2): which
// encodings are active and of which codec, and the limits that a program's encoder
// can look up. It needs no exchange of descriptions. parameters come from
// GetParameters, which has to be called anew for each call, and after each
// description that was made or set. Feedback of codecs and SSRCs, which W3C's
// parameters do not have, may be left out.
//
// It returns an InvalidStateError if the transceiver is stopped, after Close and
// without GetParameters; an InvalidModificationError if encodings are more, fewer
// or in another order, if what may only be read was changed, and for a Codec that
// was not negotiated or that the track cannot use; an OperationError for a
// ScalabilityMode that the codec does not have; and a RangeError for a
// ScaleResolutionDownBy below 1 or a negative MaxFramerate. Nothing is changed then.
func (s *RTPSender) SetParameters(parameters RTPSendParameters) error {
	s.operation.Lock()
	defer s.operation.Unlock()
	var before []RTPEncodingParameters
	anotherCodec := false
	err := s.pc.attempt("SetParameters", func(time.Time) error {
		if s.transceiver.stopping {
			return errStopped("SetParameters")
		}
		// "If sender.[[LastReturnedParameters]] is null, return a promise rejected with
		// a newly created InvalidStateError."
		if s.lastReturned() == nil {
			return &rtcerr.InvalidStateError{Err: fmt.Errorf("SetParameters: GetParameters has to be called first")}
		}
		if err := s.checkParameters(&parameters); err != nil {
			return err
		}
		s.transaction = senderTransaction{} // "Set sender.[[LastReturnedParameters]] to null."
		before = s.parameters
		s.parameters = completed(s.kind, parameters.Encodings)
		s.degradation = parameters.DegradationPreference
		for i, e := range s.parameters {
			anotherCodec = anotherCodec || e.Codec != nil && !reflect.DeepEqual(e.Codec, before[i].Codec)
		}
		s.refresh()
		return nil
	})
	if err != nil || !anotherCodec {
		return err
	}
	refused := s.sync(true)
	if refused == nil {
		return nil
	}
	_ = s.pc.attempt("SetParameters", func(time.Time) error {
		if len(s.encodings) == len(before) { // a description may have changed them
			s.parameters = before
		}
		s.refresh()
		return nil
	})
	return &rtcerr.InvalidModificationError{Err: fmt.Errorf("SetParameters: the codec cannot be sent: %w", refused)}
}

// checkParameters is the check of setParameters (webrtc-pc §5.2), its steps
// quoted. It completes what p leaves out.
func (s *RTPSender) checkParameters(p *RTPSendParameters) error {
	refuse := func(format string, arguments ...any) error {
		return &rtcerr.InvalidModificationError{Err: fmt.Errorf("SetParameters: "+format, arguments...)}
	}
	now := s.currentParameters()
	// "Any parameter in parameters is marked as a Read-only parameter ... and has a
	// value that is different from the corresponding parameter value in
	// sender.[[LastReturnedParameters]]. Note that this also applies to
	// transactionId."
	switch {
	case p.TransactionID != s.lastReturned().TransactionID:
		return refuse("the transaction %q is not the one that GetParameters began last", p.TransactionID)
	case len(p.Encodings) != len(now.Encodings):
		// "encodings.length is different from N."
		return refuse("%d encodings, where the sender has %d", len(p.Encodings), len(now.Encodings))
	case !slices.EqualFunc(p.Codecs, now.Codecs, sameCodecParameters), !slices.Equal(p.HeaderExtensions, now.HeaderExtensions), p.RTCP != now.RTCP:
		return refuse("codecs, header extensions and RTCP can only be read")
	}
	p.Encodings = slices.Clone(p.Encodings)
	for i := range p.Encodings {
		// "encodings has been re-ordered."
		e, was := &p.Encodings[i], now.Encodings[i].RTPCodingParameters
		if e.RID != was.RID || changes(e.SSRC, was.SSRC) || changes(e.RTX.SSRC, was.RTX.SSRC) || changes(e.FEC.SSRC, was.FEC.SSRC) {
			return refuse("encoding %d has RID %q and SSRC %d, which were %q and %d", i, e.RID, e.SSRC, was.RID, was.SSRC)
		}
		e.RTPCodingParameters = was
	}
	if err := s.checkCodecs(p.Encodings, now.Codecs); err != nil {
		return err
	}
	if err := checkResolutions(s.kind, p.Encodings); err != nil {
		return refuse("%w", err)
	}
	if err := checkModes(s.kind, p.Encodings); err != nil {
		return err
	}
	return checkRanges(s.kind, p.Encodings)
}

// changes says whether a program has changed an SSRC that it can only read: 0 is
// one that it has left out.
func changes(given, was SSRC) bool { return given != 0 && given != was }

// sameCodecParameters compares what W3C has codecs consist of, and the feedback if
// it was given.
func sameCodecParameters(given, was RTPCodecParameters) bool {
	return given.PayloadType == was.PayloadType && given.MimeType == was.MimeType && given.ClockRate == was.ClockRate &&
		given.Channels == was.Channels && given.SDPFmtpLine == was.SDPFmtpLine &&
		(given.RTCPFeedback == nil || slices.Equal(given.RTCPFeedback, was.RTCPFeedback))
}
