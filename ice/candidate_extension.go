package ice

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// The extensions that browsers write and that are read here.
const (
	extensionTCPType     = "tcptype"      // RFC 6544 §4.5
	extensionUfrag       = "ufrag"        // RFC 8839 §5.1, RFC 8838 §12
	extensionGeneration  = "generation"   // libwebrtc: counts ICE restarts
	extensionNetworkID   = "network-id"   // libwebrtc: numbers interfaces
	extensionNetworkCost = "network-cost" // libwebrtc: 0 Wi-Fi or wire, 900 mobile, 999 unknown
)

// CandidateExtension is a name and value behind the fixed part of a candidate
// line (RFC 8839 §5.1). The name is a token; the value has visible ASCII
// characters only, and may be empty.
type CandidateExtension struct {
	Key   string
	Value string
}

// Extensions returns a copy of the extensions in the order in which they stand.
// tcptype is among them, first, where the candidate has one.
func (c Candidate) Extensions() []CandidateExtension {
	var out []CandidateExtension
	if c.tcpType != TCPTypeUnspecified {
		out = append(out, CandidateExtension{extensionTCPType, c.tcpType.String()})
	}
	return append(out, c.extensions...)
}

// GetExtension returns the first extension of that name.
func (c Candidate) GetExtension(key string) (value CandidateExtension, ok bool) {
	if key == extensionTCPType && c.tcpType != TCPTypeUnspecified {
		return CandidateExtension{extensionTCPType, c.tcpType.String()}, true
	}
	for _, e := range c.extensions {
		if e.Key == key {
			return e, true
		}
	}
	return CandidateExtension{}, false
}

// AddExtension adds an extension to this copy of the candidate, or replaces the
// one of the same name. The error, for a name or value that RFC 8839 §5.1 does
// not allow and past 32 extensions, is a *rtcerr.SyntaxError; nothing is
// changed then.
func (c *Candidate) AddExtension(extension CandidateExtension) error {
	if extension.Key == extensionTCPType {
		t := NewTCPType(extension.Value)
		if t == TCPTypeUnspecified || !c.networkType.IsTCP() {
			return candidateError("tcptype", extension.Value, "active, passive or so, on a TCP candidate, is expected")
		}
		c.tcpType = t
		return nil
	}
	if err := checkExtension(extension); err != nil {
		return err
	}
	list := slices.Clone(c.extensions)
	if i := slices.IndexFunc(list, func(e CandidateExtension) bool { return e.Key == extension.Key }); i >= 0 {
		list[i] = extension
	} else if len(list) >= maxExtensions {
		return candidateError("extension", extension.Key, fmt.Sprintf("there are %d already", maxExtensions))
	} else {
		list = append(list, extension)
	}
	c.extensions = list
	return nil
}

// RemoveExtension removes the extension of that name from this copy of the
// candidate and reports whether there was one.
func (c *Candidate) RemoveExtension(key string) (ok bool) {
	if key == extensionTCPType && c.tcpType != TCPTypeUnspecified {
		c.tcpType = TCPTypeUnspecified
		return true
	}
	list := slices.DeleteFunc(slices.Clone(c.extensions), func(e CandidateExtension) bool { return e.Key == key })
	ok = len(list) < len(c.extensions)
	c.extensions = list
	return ok
}

// Ufrag is the value of the ufrag extension: the username fragment, and so the
// ICE generation, that the candidate belongs to (RFC 8838 §12). "" where the
// line does not say.
func (c Candidate) Ufrag() string {
	e, _ := c.GetExtension(extensionUfrag)
	return e.Value
}

// WithUfrag returns c with the ufrag extension set, or without it for "". A
// ufrag that is none (RFC 8839 §5.4) leaves c as it is.
func (c Candidate) WithUfrag(ufrag string) Candidate {
	if ufrag == "" {
		c.RemoveExtension(extensionUfrag)
		return c
	}
	_ = c.AddExtension(CandidateExtension{extensionUfrag, ufrag})
	return c
}

// Generation is the value of libwebrtc's generation extension, and whether
// there is a number in it.
func (c Candidate) Generation() (uint32, bool) { return c.number(extensionGeneration) }

// NetworkID is the value of libwebrtc's network-id extension, which numbers the
// sender's interfaces from 1, and whether there is a number in it.
func (c Candidate) NetworkID() (uint32, bool) { return c.number(extensionNetworkID) }

// NetworkCost is the value of libwebrtc's network-cost extension, and whether
// there is a number in it. Larger is worse: 10 Wi-Fi, 900 mobile, 999 unknown.
func (c Candidate) NetworkCost() (uint32, bool) { return c.number(extensionNetworkCost) }

func (c Candidate) number(key string) (uint32, bool) {
	e, ok := c.GetExtension(key)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(e.Value, 10, 32)
	return uint32(n), err == nil
}

func checkExtension(e CandidateExtension) error {
	if e.Key == "" || len(e.Key) > maxExtensionLength || !all(e.Key, isTokenChar) {
		return candidateError("extension name", e.Key, "a token of RFC 8866 §9 is expected")
	}
	if len(e.Value) > maxExtensionLength || !all(e.Value, isVisible) {
		return candidateError("extension "+e.Key, e.Value, "visible ASCII characters are expected")
	}
	return nil
}

// A CandidateFieldError says which field of a candidate is wrong and why.
// It is found by errors.As in the errors of UnmarshalCandidate and of the
// NewCandidate functions.
type CandidateFieldError struct {
	// Field is the name of the field in RFC 8839 §5.1, such as "port".
	Field string
	// Value is what stood there, cut to 64 bytes.
	Value string
	// Reason says what would be right.
	Reason string
}

func (e *CandidateFieldError) Error() string {
	return fmt.Sprintf("candidate: %s %q: %s", e.Field, e.Value, e.Reason)
}

func candidateError(field, value, reason string) error {
	return &rtcerr.SyntaxError{Err: &CandidateFieldError{field, value[:min(len(value), 64)], reason}}
}

func unsupportedCandidate(field, value, reason string) error {
	return &rtcerr.NotSupportedError{Err: &CandidateFieldError{field, value[:min(len(value), 64)], reason}}
}
