package webrtc

import (
	"encoding/json"
	"fmt"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// unknownName is the text of a value that none of an enum's names belongs to,
// and of most enums' zero value.
const unknownName = "unknown"

// An enumeration is the type of one of this package's enums.
type enumeration interface {
	~int | ~int32 | ~uint8 | ~uint32
}

// nameOf returns the name of v, where names are in the order of the values
// from 0, and "unknown" for a value that has none.
func nameOf[E enumeration](names []string, v E) string {
	if i := int64(v); i >= 0 && i < int64(len(names)) {
		return names[i]
	}
	return unknownName
}

// valueOf returns the value that name belongs to. It reports false for
// "unknown" and for a name that is not among names.
func valueOf[E enumeration](names []string, name string) (E, bool) {
	for i, n := range names {
		if n == name && n != unknownName {
			return E(i), true
		}
	}
	return 0, false
}

// policyFromJSON reads a member of RTCConfiguration that is an enum. A missing
// value, written as null, "" or "unknown", leaves the enum's zero value. WebIDL
// makes any other string a TypeError: to take a misspelt "relay" for "all"
// would tell the peer the addresses that the program meant to hide.
func policyFromJSON[E enumeration](names []string, typ string, b []byte) (E, error) {
	var name string
	if err := json.Unmarshal(b, &name); err != nil {
		return 0, err
	}
	if name == "" || name == unknownName {
		return 0, nil
	}
	v, ok := valueOf[E](names, name)
	if !ok {
		return 0, &rtcerr.TypeError{Err: fmt.Errorf("%q is not an %s; %w", name, typ, oneOf(names))}
	}
	return v, nil
}

// oneOf lists the names that would have been right.
func oneOf(names []string) error {
	var known []string
	for _, n := range names {
		if n != unknownName {
			known = append(known, n)
		}
	}
	return fmt.Errorf("known are %q", known)
}
