/// Lower case, in English, German, French, Spanish, Italian, Portuguese, Dutch and Polish, some in others.
enum CueWords {
    static let all: [(Cue, String)] = [
        (.phone, phone), (.identity, identity), (.secret, secret), (.password, password), (.thing, thing), (.version, version), (.place, place),
        (.title, title), (.nameNoun, "name nom nombre nome naam imię nazwisko names vorname nachname prénom apellido cognome achternaam"),
        (.nameVerb, "is ist est es è é to lautet was war"),
        (.nameSelf, "heiße heisse appelle llamo llama chiamo chiama chamo chama heet nazywam nazywa się"),
        (.possessive, possessive), (.nameLabel, nameLabel), (.signOff, signOff), (.salutation, salutation), (.streetLast, streetLast),
        (.streetFirst, streetFirst), (.noName, noName),
        (.particle, "van von de da do dei degli delle dello dell des del della di der den la le los las dos das du ten ter te zu bin al el y e o'"),
        (.givenName, givenNames), (.keyKind, keyKind), (.keyNoun, keyNoun),
    ]

    private static let phone = """
        phone phones telephone tel mobile cell cellphone call calling fax whatsapp sms text ring dial reach callback hotline landline signal \
        telefon telefonnummer tel handy handynummer mobil mobilnummer mobiltelefon rückruf anrufen rufen ruf erreichbar erreichen festnetz durchwahl \
        téléphone telephone portable appeler appelez appelle-moi joindre joignable rappeler fixe \
        teléfono telefono móvil movil celular llamar llame llámame llámeme llámenos llamarme contactar \
        cellulare chiamare chiamami chiami chiamatemi telefonare recapito \
        telefone telemóvel telemovel celular ligar ligue liga-me ligue-me contacto contato \
        telefoon telefoonnummer mobiel bel bellen belt gsm mobiele mobieltje bereikbaar \
        telefon telefonu komórka komórki komórkowy zadzwoń zadzwonić dzwonić tel
        """

    private static let identity = """
        ssn social security sin tfn nhs nino insurance identity identification taxpayer itin national passport citizen \
        steuer-id steuer steueridentifikationsnummer steuernummer idnr identifikationsnummer ausweis personalausweis sozialversicherungsnummer svnr \
        ahv ahv-nummer nir sécurité sociale immatriculation insee carte identité \
        dni nie nif nuss cif documento identidad identificación fiscal curp rfc cuit cuil \
        codice fiscale cf identità contribuente cpf cnpj rg contribuinte cidadão utente niss \
        bsn burgerservicenummer sofinummer rijksregisternummer rijksregister identiteitskaart identiteitsnummer paspoort \
        pesel dowód dowodu osobisty ewidencyjny nip personnummer fødselsnummer cpr cpr-nummer hetu henkilötunnus aadhaar pan uidai kimlik tckn \
        rodné oib egn cnp amka pps ppsn rrn nric fin mynumber isikukood rijksregisternr numéro-insee
        """

    private static let secret = """
        apikey api_key secret secret_key secretkey client_secret clientsecret access_key accesskey access_token accesstoken \
        auth_token authtoken token private_key privatekey credential credentials signing_key encryption_key \
        aws_secret_access_key secret_access_key api_secret apisecret app_secret appsecret webhook_secret session_token refresh_token id_token \
        jeton segreto segredo geheimnis sekret api_token apitoken bearer
        """

    private static let keyKind = "api secret access private encryption signing service sdk"
    private static let keyNoun = "key keys schlüssel clé clave llave chiave chave sleutel klucz klucza"

    private static let password = """
        password passwd pwd passphrase passcode pass db_password dbpassword passwort kennwort contraseña clave parola senha palavra-passe wachtwoord \
        hasło hasłem mot_de_passe motdepasse passe pin
        """

    private static let thing = """
        order orders invoice isbn issn ean gtin sku serial tracking ticket case reference ref article item part model build commit revision hash digest \
        checksum uuid transaction shipment parcel batch lot chapter page line port error code version batch population distance account-no \
        bestellung bestellnummer rechnung rechnungsnummer sendung sendungsnummer artikel artikelnummer auftrag auftragsnummer vorgang ticketnummer \
        seriennummer aktenzeichen charge \
        commande facture référence suivi colis article lot dossier série \
        pedido factura referencia seguimiento envío artículo lote expediente serie \
        ordine fattura riferimento spedizione articolo lotto pratica serie \
        encomenda fatura referência rastreio artigo processo série \
        bestelling bestelnummer factuur factuurnummer zending artikelnummer referentie zaaknummer serienummer \
        zamówienie zamówienia faktura faktury przesyłka przesyłki paczka artykuł seryjny sygnatura zgłoszenie zgłoszenia partia
        """

    private static let version = """
        version versions v ver release build firmware driver kernel section chapter release version: rfc figure table kapitel abschnitt fassung versie \
        versión versione versão wersja wersji firmware-version paragraph artikel clause oid sprint
        """

    private static let place = """
        coordinates coordinate gps location located position lat lon lng latitude longitude geo koordinaten standort breitengrad längengrad coordonnées \
        emplacement coordenadas ubicación localização coordinate posizione coördinaten locatie współrzędne położenie
        """

    private static let title = """
        mr mrs ms miss mister sir madam dr doctor prof professor herr herrn frau fräulein m mme mlle monsieur madame mademoiselle maître sr sra srta señor \
        señora señorita don doña sig sigra signor signora signorina dott dottor dottoressa avv ing senhor senhora dona dhr mevr mw meneer mevrouw heer \
        pan pani pana panu panem panią mgr inż hr
        """

    private static let possessive = """
        my his her their your our mein meine sein ihr ihre mon son leur mi su mio suo il meu minha seu sua mijn zijn haar moje jego jej full complete \
        customer's patient's client's user's boss's wife's husband's kunde kunden
        """

    private static let nameLabel = """
        customer client patient employee contact applicant recipient sender attendee passenger tenant kunde kundin patientin ansprechpartner \
        ansprechpartnerin mitarbeiter empfänger absender bewerber cliente paciente empleado destinatario remitente destinataire employé salarié paziente \
        dipendente mittente funcionário destinatário klant patiënt medewerker ontvanger klient pacjent pracownik odbiorca nadawca fullname full_name \
        first_name last_name firstname lastname surname author owner signed contacto contatto contactpersoon assignee
        """

    private static let signOff = """
        regards sincerely yours cheers best grüßen grüssen grüße gruß cordialement sincèrement saludos atentamente saluti cordiali cumprimentos \
        atenciosamente abraços groet groeten groetjes pozdrawiam poważaniem szacunkiem thanks danke merci gracias grazie obrigado obrigada bedankt dzięki
        """

    private static let salutation = """
        dear liebe lieber cher chère querido querida estimado estimada caro cara gentile egregio prezado prezada beste lieve drogi droga szanowny szanowna
        """

    private static let streetLast = """
        street st avenue ave road rd lane ln drive dr boulevard blvd court ct way place pl square sq terrace close crescent parkway pkwy highway hwy \
        trail gardens grove mews row hill
        """

    private static let streetFirst = """
        rue avenue av boulevard bd place chemin allée impasse quai route cours calle c avenida avda plaza paseo camino carrer ronda travesía via viale \
        piazza piazzale corso largo vicolo strada rua travessa praça alameda estrada rotunda ul ulica ulicy aleja aleje al plac pl os osiedle
        """

    /// Where a name would stand: what people are called by together, months, places, products.
    private static let noName = """
        sir madam customer customers team all friends friend colleagues colleague everyone hiring manager support sales user users reader members \
        valued ladies gentlemen damen herren herr frau kunde kunden kollegen kolleginnen freunde alle client clients monsieur madame messieurs mesdames \
        cliente clientes equipo amigos señores señor señora signori signore colleghi clienti amici senhor senhora senhores equipe klant klanten collega's \
        państwo kliencie president professor doctor minister santa diary god lord world and or the this that it they we i you he she monday tuesday wednesday \
        thursday friday saturday sunday january february march april may june july august september october november december montag dienstag mittwoch \
        donnerstag freitag samstag sonntag januar februar märz mai juni juli oktober dezember universität university company inc ltd gmbh bundeskanzler \
        san santa são saint sankt st during spring string
        """

    /// The commonest of eight languages that are nothing else.
    private static let givenNames = """
        james john robert michael david william richard joseph thomas charles christopher daniel matthew anthony steven paul andrew joshua kenneth kevin \
        brian george edward ronald timothy jason jeffrey ryan jacob gary nicholas eric jonathan stephen larry justin scott brandon benjamin samuel gregory \
        patrick alexander jack dennis jerry mary patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy betty sandra margaret \
        ashley kimberly emily donna michelle carol amanda melissa deborah stephanie rebecca laura sharon cynthia kathleen amy angela anna emma olivia \
        sophia hans peter klaus jürgen wolfgang stefan andreas markus matthias sebastian florian lukas jonas felix maximilian ursula monika petra sabine \
        claudia katrin susanne julia katharina lena hannah leonie jean pierre michel andré philippe rené louis alain jacques bernard marcel nicolas julien \
        antoine camille chloé léa manon nathalie isabelle sylvie catherine christine françoise céline aurélie élodie josé antonio juan manuel francisco \
        javier miguel carlos jesús alejandro pablo sergio maría carmen ana isabel dolores pilar teresa josefa cristina lucía marta elena giuseppe \
        giovanni antonio mario luigi francesco angelo vincenzo marco alessandro giulia chiara francesca sara martina valentina alessia joão pedro tiago \
        rui nuno luís jorge ricardo inês beatriz mariana catarina sofia rita jan piet henk kees willem johannes daan sem bram lars sanne femke lotte \
        anouk maaike marieke piotr krzysztof andrzej tomasz paweł marcin michał grzegorz jerzy tadeusz małgorzata katarzyna agnieszka krystyna barbara ewa \
        elżbieta zofia magdalena joanna mohammed ahmed fatima ali hassan yusuf aisha priya rahul amit sunita wei
        """
}
