extension Regions {
    /// Places by name, to the degree. Regions of AWS, Google Cloud and Azure by their public lists (read 2026-11); those of one city
    /// share a row, and the first of its names is what they are called.
    struct RegionRow {
        var names: [String]
        var own: Areas
        var within: Areas
        var latitude: Double
        var longitude: Double

        private static func area(
            _ names: String, _ own: Areas, _ latitude: Double, _ longitude: Double, in around: Areas = []
        ) -> RegionRow {
            RegionRow(
                names: names.split(separator: " ").map(String.init), own: own, within: own.union(around), latitude: latitude, longitude: longitude)
        }

        /// A country by its two letters; its middle by population.
        private static func country(_ code: String, _ latitude: Double, _ longitude: Double) -> RegionRow {
            area(names[code] ?? code, Areas.country(code), latitude, longitude, in: continent(of: code))
        }

        private static func city(_ names: String, _ country: String, _ latitude: Double, _ longitude: Double, _ more: Areas = []) -> RegionRow {
            let within = Areas.country(country).union(continent(of: country)).union(more)
            return RegionRow(
                names: names.split(separator: " ").map(String.init), own: [], within: within, latitude: latitude, longitude: longitude)
        }

        /// Of countries whose regions and callers go by more than the two letters.
        private static let names = ["us": "us usa", "gb": "gb uk", "cn": "cn china", "jp": "jp japan", "in": "in india"]

        static let countries = [
            "us", "ca", "mx", "br", "cl", "ar", "gb", "ie", "fr", "de", "nl", "be", "ch", "at", "it", "es", "pt", "se", "no", "fi", "dk", "pl", "cz",
            "gr", "il", "ae", "sa", "bh", "qa", "za", "ng", "ke", "in", "jp", "kr", "sg", "hk", "tw", "cn", "id", "my", "th", "au", "nz", "tr",
        ]

        private static let union: Set<String> = [
            "ie", "fr", "de", "nl", "be", "at", "it", "es", "pt", "se", "fi", "dk", "pl", "cz", "gr",
        ]

        private static func continent(of country: String) -> Areas {
            switch country {
            case "us", "ca", "mx": .northAmerica
            case "br", "cl", "ar": .southAmerica
            case "au", "nz": .oceania
            case "za", "ng", "ke": .africa
            case "il", "ae", "sa", "bh", "qa", "tr": .middleEast
            case "in", "jp", "kr", "sg", "hk", "tw", "cn", "id", "my", "th": .asia
            default: union.contains(country) ? [.europe, .union] : .europe
            }
        }

        private static let us: Areas = [.country("us"), .northAmerica]

        static let all = areas + states + cities

        private static let areas = [
            area("eu", .union, 50, 9, in: .europe), area("europe", .europe, 50, 9),
            area("emea", [.europe, .middleEast, .africa], 45, 20),
            area("na northamerica north-america", .northAmerica, 40, -95),
            area("us-east", .usEast, 39, -78, in: us), area("us-west", .usWest, 41, -121, in: us),
            area("southamerica south-america latam", .southAmerica, -20, -52), area("asia", .asia, 25, 105),
            area("apac asia-pacific ap", [.asia, .oceania], 15, 115), area("oceania oc", .oceania, -33, 150),
            area("africa af", .africa, -5, 25), area("me middle-east middleeast", .middleEast, 26, 50),
        ]

        /// `sa` is Saudi Arabia among countries and South America among regions: it is South America here, and `ksa` the country.
        private static let states = [
            country("us", 39, -90), country("ca", 45, -77), country("mx", 20, -100), country("br", -20, -46), country("cl", -33, -71),
            country("ar", -35, -60), country("gb", 52, -1), country("ie", 53, -7), country("fr", 48, 3), country("de", 51, 9),
            country("nl", 52, 5), country("be", 51, 4), country("ch", 47, 8), country("at", 48, 15), country("it", 44, 11),
            country("es", 40, -4), country("pt", 39, -9), country("se", 59, 17), country("no", 60, 10), country("fi", 61, 25),
            country("dk", 56, 11), country("pl", 52, 20), country("cz", 50, 15), country("gr", 38, 23), country("il", 32, 35),
            country("ae", 25, 55), area("ksa", Areas.country("sa"), 24, 45, in: .middleEast), area("sa", .southAmerica, -20, -52),
            country("bh", 26, 50),
            country("qa", 25, 51), country("za", -29, 27), country("ng", 8, 6), country("ke", -1, 37), country("in", 20, 77),
            country("jp", 36, 138), country("kr", 37, 127), country("sg", 1, 104), country("hk", 22, 114), country("tw", 24, 121),
            country("cn", 33, 114), country("id", -7, 110), country("my", 3, 102), country("th", 14, 101), country("au", -34, 147),
            country("nz", -39, 175), country("tr", 40, 31),
        ]

        private static let cities = [
            city("us-east-1 us-east4 eastus eastus2 us-gov-east-1 usgovvirginia", "us", 39, -77, .usEast),
            city("us-east-2 us-east5", "us", 40, -83, .usEast), city("us-east1", "us", 33, -80, .usEast),
            city("us-central1 centralus", "us", 41, -95), city("northcentralus", "us", 42, -88),
            city("us-south1 southcentralus", "us", 31, -97), city("us-west-1 westus", "us", 37, -121, .usWest),
            city("us-west-2 us-west1 us-gov-west-1", "us", 45, -121, .usWest), city("us-west2", "us", 34, -118, .usWest),
            city("us-west3", "us", 41, -112, .usWest), city("us-west4", "us", 36, -115, .usWest), city("westus2", "us", 47, -119, .usWest),
            city("westus3 usgovarizona", "us", 33, -112, .usWest), city("westcentralus", "us", 41, -105, .usWest),
            city("ca-central-1 northamerica-northeast1 canadaeast", "ca", 46, -74),
            city("northamerica-northeast2 canadacentral", "ca", 44, -79), city("ca-west-1", "ca", 51, -114),
            city("mx-central-1 northamerica-south1 mexicocentral", "mx", 21, -100),
            city("sa-east-1 southamerica-east1 brazilsouth", "br", -24, -47), city("southamerica-west1 chilecentral", "cl", -33, -71),
            city("eu-west-1 northeurope", "ie", 53, -6), city("eu-west-2 europe-west2 uksouth", "gb", 52, 0), city("ukwest", "gb", 51, -3),
            city("eu-west-3 europe-west9 francecentral", "fr", 49, 2), city("francesouth", "fr", 43, 5),
            city("eu-central-1 europe-west3 germanywestcentral", "de", 50, 9), city("europe-west10 germanynorth", "de", 53, 13),
            city("europe-west4 westeurope", "nl", 53, 6), city("europe-west1 belgiumcentral", "be", 50, 4),
            city("eu-central-2 europe-west6 switzerlandnorth", "ch", 47, 9), city("switzerlandwest", "ch", 46, 6),
            city("austriaeast", "at", 48, 16), city("eu-south-1 europe-west8 italynorth", "it", 45, 9), city("europe-west12", "it", 45, 8),
            city("eu-south-2", "es", 42, -1), city("europe-southwest1 spaincentral", "es", 40, -4), city("eu-north-1", "se", 59, 18),
            city("swedencentral europe-north2", "se", 61, 17), city("europe-north1 finlandcentral", "fi", 61, 27),
            city("norwayeast", "no", 60, 11), city("denmarkeast", "dk", 56, 12), city("europe-central2 polandcentral", "pl", 52, 21),
            city("il-central-1 me-west1 israelcentral", "il", 32, 35), city("me-central-1 uaenorth", "ae", 25, 55),
            city("me-south-1", "bh", 26, 51), city("me-central1 qatarcentral", "qa", 25, 51), city("me-central2", "sa", 26, 50),
            city("af-south-1 southafricawest", "za", -34, 18), city("africa-south1 southafricanorth", "za", -26, 28),
            city("ap-south-1 asia-south1 westindia", "in", 19, 73), city("ap-south-2 southindia", "in", 17, 78),
            city("centralindia", "in", 19, 74), city("asia-south2", "in", 29, 77),
            city("ap-northeast-1 asia-northeast1 japaneast", "jp", 36, 140), city("ap-northeast-3 asia-northeast2 japanwest", "jp", 35, 136),
            city("ap-northeast-2 asia-northeast3 koreacentral", "kr", 37, 127), city("koreasouth", "kr", 35, 129),
            city("ap-southeast-1 asia-southeast1 southeastasia", "sg", 1, 104),
            city("ap-southeast-3 asia-southeast2 indonesiacentral", "id", -6, 107),
            city("ap-southeast-5 malaysiawest", "my", 3, 102), city("ap-southeast-7", "th", 14, 101),
            city("ap-east-1 asia-east2 eastasia", "hk", 22, 114), city("ap-east-2 asia-east1 taiwannorth", "tw", 24, 121),
            city("ap-southeast-2 australia-southeast1 australiaeast", "au", -34, 151),
            city("ap-southeast-4 australia-southeast2 australiasoutheast", "au", -38, 145), city("ap-southeast-6 newzealandnorth", "nz", -37, 175),
            city("cn-north-1 chinanorth chinanorth2 chinanorth3 cn-beijing", "cn", 40, 116), city("cn-northwest-1", "cn", 38, 106),
            city("chinaeast chinaeast2 cn-shanghai cn-hangzhou", "cn", 31, 121), city("cn-shenzhen cn-guangzhou", "cn", 23, 114),
        ]
    }
}
