// A value of a message type that no producer sends.
#pragma once

namespace bq {

/// By it a stream can end in a queue that cannot be closed (blocking_adapter.h), without a flag in
/// each message. To be specialised for a message type:
///   static T make();
///   static bool is(const T&);
template <class T>
struct EndMark;

}  // namespace bq
