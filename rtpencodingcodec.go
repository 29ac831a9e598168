package webrtc

import (
	"fmt"
	"slices"
	"strings"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// checkNewCodecs is a step of the "addTransceiver sendEncodings validation steps" of
// webrtc-pc §5.1: a codec that is not among those that can be sent is an
// OperationError.
func (pc *PeerConnection) checkNewCodecs(kind RTPCodecType, encodings []RTPEncodingParameters) error {
	for i, e := range encodings {
		if e.Codec != nil && !choosable(pc.engine.codecs(codec.Kind(kind)), *e.Codec) {
			return &rtcerr.OperationError{Err: fmt.Errorf("encoding %d has the codec %s/%d %q, which is not registered for %s",
				i, e.Codec.MimeType, e.Codec.ClockRate, e.Codec.SDPFmtpLine, kind)}
		}
	}
	return nil
}

// checkCodecs is a step of setParameters (webrtc-pc §5.2): "Let choosableCodecs be
// codecs. If choosableCodecs is an empty list, set choosableCodecs to the list of
// implemented send codecs for transceiver's kind." The program's preferences come
// before the latter. An InvalidModificationError results if "Any encoding in
// encodings contains a codec not found in choosableCodecs".
func (s *RTPSender) checkCodecs(encodings []RTPEncodingParameters, negotiated []RTPCodecParameters) error {
	var list []codec.Codec
	for _, c := range negotiated {
		list = append(list, codecFrom(c))
	}
	if len(list) == 0 {
		list = s.transceiver.preferred
	}
	if len(list) == 0 {
		list = s.pc.engine.codecs(codec.Kind(s.kind))
	}
	for i, e := range encodings {
		if e.Codec != nil && !choosable(list, *e.Codec) {
			return &rtcerr.InvalidModificationError{Err: fmt.Errorf("SetParameters: encoding %d has the codec %s/%d %q, which cannot be chosen",
				i, e.Codec.MimeType, e.Codec.ClockRate, e.Codec.SDPFmtpLine)}
		}
	}
	return nil
}

// choosable says whether a codec of the list is the one that a program has chosen.
// What serves other codecs is none.
func choosable(list []codec.Codec, chosen RTPCodecCapability) bool {
	return slices.ContainsFunc(list, func(c codec.Codec) bool { return isChosen(c, chosen) })
}

func isChosen(c codec.Codec, chosen RTPCodecCapability) bool {
	return !c.IsAuxiliary() && sameFormat(c, codecFrom(RTPCodecParameters{RTPCodecCapability: chosen}))
}

// dropCodecs forgets the chosen codecs that an answer does not have.
//
// webrtc-pc §4.4.1.5 has the codec member of such an encoding removed.
func (s *RTPSender) dropCodecs(negotiated []codec.Codec) {
	gone := func(e RTPEncodingParameters) bool { return e.Codec != nil && !choosable(negotiated, *e.Codec) }
	if len(negotiated) == 0 || !slices.ContainsFunc(s.parameters, gone) {
		return
	}
	s.parameters = slices.Clone(s.parameters) // plans share it
	for i := range s.parameters {
		if gone(s.parameters[i]) {
			s.parameters[i].Codec = nil
		}
	}
}

// codecs are those that the track may use: the chosen one alone, and what serves it.
func (t *bindingTerms) codecs() []codec.Codec {
	if t.chosen == nil {
		return t.media.SendCodecs
	}
	var out []codec.Codec
	for _, c := range t.media.SendCodecs {
		if isChosen(c, *t.chosen) {
			out = append(out, c)
		}
	}
	isKept := func(pt uint8) bool {
		return slices.ContainsFunc(out, func(c codec.Codec) bool { return c.PayloadType == pt })
	}
	for _, c := range t.media.SendCodecs {
		apt, has := c.Apt()
		if c.IsAuxiliary() && (!has || isKept(apt)) {
			out = append(out, c)
		}
	}
	return out
}

// checkModes is the check of webrtc-svc §4.2.1: a mode that cannot be supported is an
// OperationError, for SetParameters (§4.2.2) as well. What layers the program's encoder makes is not
// known here: a mode has to be one that exists, and that the chosen codec can have.
func checkModes(kind RTPCodecType, encodings []RTPEncodingParameters) error {
	for i, e := range encodings {
		if e.ScalabilityMode == "" {
			continue
		}
		if kind != RTPCodecTypeVideo || !isScalabilityMode(e.ScalabilityMode) {
			return &rtcerr.OperationError{Err: fmt.Errorf("encoding %d has the scalability mode %q, which is none of %s", i, e.ScalabilityMode, kind)}
		}
		// RFC 7741 and RFC 6184, RFC 7798 have layers in time only.
		layers := e.Codec != nil && slices.ContainsFunc([]string{MimeTypeVP8, MimeTypeH264, MimeTypeH265}, func(m string) bool { return strings.EqualFold(m, e.Codec.MimeType) })
		if layers && !strings.HasPrefix(e.ScalabilityMode, "L1") {
			return &rtcerr.OperationError{Err: fmt.Errorf("encoding %d has the scalability mode %q, which %s does not have", i, e.ScalabilityMode, e.Codec.MimeType)}
		}
	}
	return nil
}

// isScalabilityMode says whether a mode is one of the table of webrtc-svc §6: L is
// for layers that depend on each other, S for simulcast in one stream; h is for a
// ratio of 1.5:1 in space, and KEY for dependence in key frames only.
func isScalabilityMode(mode string) bool {
	if len(mode) < 4 || mode[2] != 'T' || mode[1] < '1' || mode[1] > '3' || mode[3] < '1' || mode[3] > '3' {
		return false
	}
	spatial, suffix := mode[1] > '1', mode[4:]
	switch mode[0] {
	case 'L':
		switch suffix {
		case "":
			return true
		case "h", "_KEY":
			return spatial
		case "_KEY_SHIFT":
			return spatial && mode[3] > '1'
		}
	case 'S':
		return spatial && (suffix == "" || suffix == "h")
	}
	return false
}

// checkResolutions says what is wrong with a ScaleResolutionDownTo, as
// webrtc-extensions has it checked: both members have to be positive, and it is
// given for all active encodings or for none.
func checkResolutions(kind RTPCodecType, encodings []RTPEncodingParameters) error {
	if kind != RTPCodecTypeVideo {
		return nil
	}
	with, active := 0, 0
	for i, e := range encodings {
		to := e.ScaleResolutionDownTo
		if to != nil && (to.MaxWidth == 0 || to.MaxHeight == 0) {
			return fmt.Errorf("encoding %d has ScaleResolutionDownTo %d x %d; neither can be 0", i, to.MaxWidth, to.MaxHeight)
		}
		if e.Active {
			active++
			if to != nil {
				with++
			}
		}
	}
	if with != 0 && with != active {
		return fmt.Errorf("ScaleResolutionDownTo is given for %d of %d active encodings", with, active)
	}
	return nil
}
