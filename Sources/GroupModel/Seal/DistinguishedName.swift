// The names in a certificate (X509_NAME), as values: an ordered list of UTF-8 texts of three kinds.

import COpenSSL

struct DistinguishedName: Equatable {
  enum Part: Equatable {
    case organization(String)
    case unit(String)
    case commonName(String)
  }

  let parts: [Part]
}

extension DistinguishedName {
  /// Nil when it holds anything else, in another encoding, or two parts side by side in one.
  init?(_ x509Name: OpaquePointer?) {
    var parts: [Part] = []
    for index in 0..<X509_NAME_entry_count(x509Name) {
      guard let entry = X509_NAME_get_entry(x509Name, index), X509_NAME_ENTRY_set(entry) == index,
        let part = Part(entry)
      else { return nil }
      parts.append(part)
    }
    self.init(parts: parts)
  }

  func write(to x509Name: OpaquePointer?) throws(SealError) {
    for part in parts {
      let text = Array(part.text.utf8)
      try require(
        X509_NAME_add_entry_by_NID(
          x509Name, part.objectNumber, V_ASN1_UTF8STRING, text, Int32(text.count), -1, 0))
    }
  }
}

extension DistinguishedName.Part {
  fileprivate var text: String {
    switch self {
    case .organization(let text), .unit(let text), .commonName(let text): text
    }
  }

  fileprivate var objectNumber: Int32 {
    switch self {
    case .organization: NID_organizationName
    case .unit: NID_organizationalUnitName
    case .commonName: NID_commonName
    }
  }

  fileprivate init?(_ entry: OpaquePointer) {
    guard let value = X509_NAME_ENTRY_get_data(entry), value.pointee.type == V_ASN1_UTF8STRING,
      let text = String(
        validating: UnsafeBufferPointer(start: value.pointee.data, count: Int(value.pointee.length)),
        as: UTF8.self)
    else { return nil }
    switch OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)) {
    case NID_organizationName: self = .organization(text)
    case NID_organizationalUnitName: self = .unit(text)
    case NID_commonName: self = .commonName(text)
    default: return nil
    }
  }
}
